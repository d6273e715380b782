"""A reader for each family of files.

`tiff`          the TIFF family, by tifffile
`tiff_size`     pixel sizes that microscopes write
`ngff`          OME-Zarr, by zarr
`raster`        everything else that GDAL reads, by rasterio
`image`         PNG and JPEG
`georeference`  what GDAL knows of a file beside its pixels
`quiet`         libraries that print while they read
"""
