#include "sim/engine/engine.h"

#include <simgrid/engine.h>
#include <simgrid/version.h>

char *sim_engine_version(void)
{
	int major, minor, patch;
	sg_version_get(&major, &minor, &patch);
	return g_strdup_printf("simgrid %d.%d.%d", major, minor, patch);
}
