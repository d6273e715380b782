"""Whole scenes as rasters.

`mask`      masks by suffix, block by block
`cog`       Cloud Optimized GeoTIFF
`ome_zarr`  OME-Zarr labels
`read`      masks read back as ids
"""
