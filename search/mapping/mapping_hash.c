/* Invariant: the file's own text is what is hashed, so that nothing in it is left out. */
#include "search/mapping/mapping.h"

char *map_hash(const struct map_mapping *mapping, const struct wl_workload *workload,
               const struct hw_package *package)
{
	g_autofree char *text = map_to_json(mapping, workload, package);
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}
