/*
 * Orders of the chiplets along which regions lie one behind the other: serpentines over the grid,
 * in bands of some rows. Within a band columns alternate in direction, and so do bands, so that
 * consecutive chiplets are neighbours.
 */
#ifndef SEARCH_MAPPING_SERPENTINE_H
#define SEARCH_MAPPING_SERPENTINE_H

#include "hw/package.h"

/* Bands of two rows, of one and of four (of all rows, where the grid has fewer). The first is the
 * one that all tables are made for. On small grids some are the same. */
enum { MAP_SERPENTINES = 3 };

/* Rows of a band of serpentine `which`. */
unsigned map_serpentine_band(const struct hw_package *package, unsigned which);

/* Serpentine `which`; `order` has room for all chiplets. */
void map_serpentine(const struct hw_package *package, unsigned which, unsigned *order);

/* All of them, newly allocated. */
void map_serpentines_init(unsigned *orders[MAP_SERPENTINES], const struct hw_package *package);
void map_serpentines_release(unsigned *orders[MAP_SERPENTINES]);

#endif
