"""Whole scenes as polygons.

`regions`     connected regions as polygons along pixel edges
`geojson`     GeoJSON
`geopackage`  GeoPackage
`read`        polygons drawn as ids
"""
