"""One picture: levels, bands, colours, stretch, fingerprint.

`picture`    all that is known of it
`level`      one stored level, read by window
`blocks`     a level in bounded memory
`bands`      what its bands mean
`colour`     values that are not brightness
`plausible`  numbers from files, checked
"""
