"""A reader for each family of files.

`tiff`          the TIFF family, by tifffile
`ngff`          OME-Zarr, by zarr
`raster`        everything else that GDAL reads, by rasterio
`gdal`          rules for GDAL: its errors, its formats, no network, no other folder
`vrt`           mosaics, checked before GDAL opens them
`band_names`    red, green and blue by name
`limits`        sizes that are possible
`image`         PNG and JPEG
`georeference`  what GDAL knows of a file beside its pixels
`quiet`         libraries that print while they read
"""
