#include "search/mapping/serpentine.h"

unsigned map_serpentine_band(const struct hw_package *package, unsigned which)
{
	static const unsigned bands[MAP_SERPENTINES] = { 2, 1, 4 };
	return MIN(bands[which], package->rows);
}

void map_serpentine(const struct hw_package *package, unsigned which, unsigned *order)
{
	unsigned count = 0, band = map_serpentine_band(package, which);
	for (unsigned top = 0, b = 0; top < package->rows; top += band, b++) {
		unsigned height = MIN(band, package->rows - top);
		for (unsigned i = 0; i < package->columns; i++) {
			unsigned x = b % 2 ? package->columns - 1 - i : i;
			for (unsigned j = 0; j < height; j++) {
				unsigned y = top + (i % 2 ? height - 1 - j : j);
				order[count++] = y * package->columns + x;
			}
		}
	}
}

void map_serpentines_init(unsigned *orders[MAP_SERPENTINES], const struct hw_package *package)
{
	for (unsigned i = 0; i < MAP_SERPENTINES; i++) {
		orders[i] = g_new(unsigned, hw_chiplet_count(package));
		map_serpentine(package, i, orders[i]);
	}
}

void map_serpentines_release(unsigned *orders[MAP_SERPENTINES])
{
	for (unsigned i = 0; i < MAP_SERPENTINES; i++)
		g_clear_pointer(&orders[i], g_free);
}
