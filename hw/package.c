/*
 * Reader of mcmsim-package/1. Invariant: a package that leaves this file is
 * whole and valid, every index in it is in range and every rate is > 0.
 */
#include "hw/package.h"

#include "hw/dram.h"
#include "hw/base/json.h"
#include "hw/topology/topology.h"

#include <math.h>
#include <string.h>

#define MAX_EXTENT 256   /* chiplets along one edge of the grid */
#define MAX_UNROLL 65536 /* per dimension of an array */
#define MAX_MACS (UINT64_C(1) << 32)
#define MAX_LANES (UINT64_C(1) << 20)
#define MAX_BUFFER_KIB 1073741824.0 /* 1 TiB */

static const char *const DIM_NAMES[] = { "N", "K", "C", "P", "Q", "R", "S", "G", NULL };
static const char *const DATAFLOW_NAMES[] = { "os", "ws", "is", NULL };
static const char *const INTERLEAVE_NAMES[] = { "all", "nearest", NULL };

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, "source", NULL })

static bool ok(GError **error)
{
	return *error == NULL;
}

static double get_positive(struct hw_json node, const char *key, GError **error)
{
	return hw_json_positive(hw_json_get(node, key, error), error);
}

static double get_non_negative(struct hw_json node, const char *key, GError **error)
{
	return hw_json_non_negative(hw_json_get(node, key, error), error);
}

/* Chiplet types */

static void read_unroll(struct hw_json node, struct hw_array *array, GError **error)
{
	uint64_t macs = 1;
	unsigned named = 0;

	array->kind = HW_ARRAY_UNROLL;
	hw_json_keys(node, KEYS("N", "K", "C", "P", "Q", "R", "S", "G"), error);
	for (unsigned d = 0; d < HW_DIMS; d++) {
		array->unroll[d] = 1;
		if (!hw_json_has(node, DIM_NAMES[d]))
			continue;
		named++;
		array->unroll[d] = hw_json_integer(hw_json_get(node, DIM_NAMES[d], error), 1,
		                                   MAX_UNROLL, error);
		macs *= array->unroll[d];
		if (macs > MAX_MACS) {
			hw_json_fail(node, error,
			             "must make at most %" G_GUINT64_FORMAT " MAC units in all",
			             MAX_MACS);
			return;
		}
	}
	if (named == 0)
		hw_json_fail(node, error, "must unroll at least one of N, K, C, P, Q, R, S, G");
}

static void read_systolic(struct hw_json node, struct hw_array *array, GError **error)
{
	array->kind = HW_ARRAY_SYSTOLIC;
	for (unsigned d = 0; d < HW_DIMS; d++)
		array->unroll[d] = 1;
	hw_json_keys(node, KEYS("rows", "columns", "dataflow", "drain"), error);
	array->rows = hw_json_integer(hw_json_get(node, "rows", error), 1, MAX_UNROLL, error);
	array->columns = hw_json_integer(hw_json_get(node, "columns", error), 1, MAX_UNROLL, error);
	array->dataflow = (enum hw_dataflow)hw_json_choice(hw_json_get(node, "dataflow", error),
	                                                   DATAFLOW_NAMES, error);
	if (!hw_json_has(node, "drain"))
		return;
	struct hw_json drain = hw_json_get(node, "drain", error);
	array->drain = hw_json_bool(drain, error);
	if (ok(error) && array->drain && array->dataflow != HW_OUTPUT_STATIONARY)
		hw_json_fail(drain, error,
		             "must be false unless \"dataflow\" is \"os\": sums that do not stay "
		             "leave the array while they are made");
}

static void read_own_inputs(struct hw_json node, struct hw_array *array, GError **error)
{
	array->own_inputs = hw_json_bool(node, error);
	if (!ok(error) || !array->own_inputs)
		return;
	if (array->kind == HW_ARRAY_SYSTOLIC)
		hw_json_fail(node, error,
		             "must be false with \"systolic\": there inputs pass all columns");
	else if (array->unroll[HW_G] > 1)
		hw_json_fail(node, error,
		             "must be false where \"unroll\" has G: K lanes that serve any group "
		             "need none for groups");
}

static void read_array(struct hw_json node, struct hw_array *array, GError **error)
{
	const bool unroll = hw_json_has(node, "unroll");

	if (!hw_json_keys(node, KEYS("unroll", "systolic", "own_inputs"), error))
		return;
	if (unroll == hw_json_has(node, "systolic"))
		hw_json_fail(node, error, "must have one of \"unroll\", \"systolic\", has %s",
		             unroll ? "both" : "neither");
	else if (unroll)
		read_unroll(hw_json_get(node, "unroll", error), array, error);
	else
		read_systolic(hw_json_get(node, "systolic", error), array, error);
	if (ok(error) && hw_json_has(node, "own_inputs"))
		read_own_inputs(hw_json_get(node, "own_inputs", error), array, error);
}

static uint64_t get_KiB_as_bytes(struct hw_json node, const char *key, GError **error)
{
	struct hw_json value = hw_json_get(node, key, error);
	const double KiB = hw_json_positive(value, error);
	const double bytes = floor(KiB * 1024 + 0.5);

	if (ok(error) && (bytes < 1 || KiB > MAX_BUFFER_KIB)) {
		hw_json_fail(value, error, "must be from one byte to %.0f KiB, got %g",
		             MAX_BUFFER_KIB, KiB);
		return 0;
	}
	return (uint64_t)bytes;
}

static void read_type(struct hw_json node, struct hw_chiplet_type *type, GError **error)
{
	hw_json_keys(node,
	             KEYS("clock_GHz", "array", "vector_lanes", "weight_buffer_KiB",
	                  "activation_buffer_KiB", "buffer_GBps", "energy_pJ", "area_mm2"),
	             error);
	type->name = g_strdup(hw_json_key(node));
	type->clock_GHz = get_positive(node, "clock_GHz", error);
	read_array(hw_json_get(node, "array", error), &type->array, error);
	type->vector_lanes = hw_json_integer(hw_json_get(node, "vector_lanes", error), 1, MAX_LANES,
	                                     error);
	type->weight_buffer_bytes = get_KiB_as_bytes(node, "weight_buffer_KiB", error);
	type->activation_buffer_bytes = get_KiB_as_bytes(node, "activation_buffer_KiB", error);
	type->buffer_GBps = get_positive(node, "buffer_GBps", error);

	struct hw_json energy = hw_json_get(node, "energy_pJ", error);
	hw_json_keys(energy, KEYS("mac", "buffer_byte", "static_W"), error);
	type->mac_pJ = get_non_negative(energy, "mac", error);
	type->buffer_byte_pJ = get_non_negative(energy, "buffer_byte", error);
	type->static_W = get_non_negative(energy, "static_W", error);
	type->area_mm2 = get_positive(node, "area_mm2", error);
}

static void read_types(struct hw_json node, struct hw_package *package, GError **error)
{
	if (!hw_json_is_object(node, error))
		return;

	const unsigned members = hw_json_size(node);
	package->types = g_new0(struct hw_chiplet_type, members);
	for (unsigned i = 0; i < members && ok(error); i++) {
		struct hw_json member = hw_json_at(node, i);
		if (!g_str_equal(hw_json_key(member), "source"))
			read_type(member, &package->types[package->type_count++], error);
	}
	if (package->type_count == 0)
		hw_json_fail(node, error, "must describe at least one chiplet type");
}

/* Grid */

static void read_matrix(struct hw_json matrix, const char *const *names, struct hw_package *package,
                        GError **error)
{
	if (hw_json_size(matrix) != package->rows) {
		hw_json_fail(matrix, error, "must have grid.rows = %u rows, got %u", package->rows,
		             hw_json_size(matrix));
		return;
	}
	for (unsigned y = 0; y < package->rows && ok(error); y++) {
		struct hw_json row = hw_json_at(matrix, y);
		if (!hw_json_is_array(row, error))
			return;
		if (hw_json_size(row) != package->columns) {
			hw_json_fail(row, error, "must have grid.columns = %u chiplets, got %u",
			             package->columns, hw_json_size(row));
			return;
		}
		for (unsigned x = 0; x < package->columns; x++)
			package->type_of[y * package->columns + x] = hw_json_choice(
				hw_json_at(row, x), names, error);
	}
}

static void read_grid(struct hw_json node, struct hw_package *package, GError **error)
{
	hw_json_keys(node, KEYS("columns", "rows", "chiplets"), error);
	package->columns = (unsigned)hw_json_integer(hw_json_get(node, "columns", error), 1,
	                                             MAX_EXTENT, error);
	package->rows = (unsigned)hw_json_integer(hw_json_get(node, "rows", error), 1, MAX_EXTENT,
	                                          error);

	struct hw_json chiplets = hw_json_get(node, "chiplets", error);
	if (!ok(error))
		return;
	g_autofree const char **names = g_new0(const char *, package->type_count + 1);
	for (unsigned i = 0; i < package->type_count; i++)
		names[i] = package->types[i].name;

	const unsigned count = hw_chiplet_count(package);
	package->type_of = g_new0(unsigned, count);
	if (cJSON_IsArray(chiplets.item)) {
		read_matrix(chiplets, names, package, error);
	} else if (cJSON_IsString(chiplets.item)) {
		const unsigned type = hw_json_choice(chiplets, names, error);
		for (unsigned i = 0; i < count; i++)
			package->type_of[i] = type;
	} else {
		hw_json_fail(chiplets, error,
		             "must be a chiplet type's name or an array of rows of names");
	}
}

/* NoP and DRAM */

static double get_share(struct hw_json node, const char *key, GError **error)
{
	struct hw_json json = hw_json_get(node, key, error);
	double share = hw_json_non_negative(json, error);
	if (share > 1)
		hw_json_fail(json, error, "must be a share >= 0 and <= 1, got %g", share);
	return share;
}

static const struct hw_topology *read_topology(struct hw_json node, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	for (unsigned i = 0; hw_topologies[i]; i++)
		g_ptr_array_add(names, (gpointer)hw_topologies[i]->name);
	g_ptr_array_add(names, NULL);
	return hw_topologies[hw_json_choice(hw_json_get(node, "topology", error),
	                                    (const char *const *)names->pdata, error)];
}

/* Those of all topologies, then those of this one. */
static void check_nop_keys(struct hw_json node, const struct hw_topology *topology, GError **error)
{
	static const char *const common[] = { "topology",        "link_GBps",
		                              "port_GBps",       "hop_ns",
		                              "message_ns",      "energy_pJ_per_bit",
		                              "multicast",       "router_conflict",
		                              "router_blocking", "injection_blocking" };
	g_autoptr(GPtrArray) keys = g_ptr_array_new();
	for (unsigned i = 0; i < G_N_ELEMENTS(common); i++)
		g_ptr_array_add(keys, (gpointer)common[i]);
	for (unsigned i = 0; topology->keys && topology->keys[i]; i++)
		g_ptr_array_add(keys, (gpointer)topology->keys[i]);
	g_ptr_array_add(keys, (gpointer) "source");
	g_ptr_array_add(keys, NULL);
	hw_json_keys(node, (const char *const *)keys->pdata, error);
}

static void read_nop(struct hw_json node, struct hw_package *package, GError **error)
{
	struct hw_nop *nop = &package->nop;
	nop->topology = read_topology(node, error);
	check_nop_keys(node, nop->topology, error);
	nop->link_GBps = get_positive(node, "link_GBps", error);
	nop->port_GBps = get_positive(node, "port_GBps", error);
	nop->hop_ns = get_non_negative(node, "hop_ns", error);
	if (hw_json_has(node, "message_ns"))
		nop->message_ns = get_non_negative(node, "message_ns", error);
	nop->energy_pJ_per_bit = get_non_negative(node, "energy_pJ_per_bit", error);
	nop->multicast = hw_json_bool(hw_json_get(node, "multicast", error), error);

	nop->router_conflict = get_share(node, "router_conflict", error);
	if (hw_json_has(node, "router_blocking"))
		nop->router_blocking = get_share(node, "router_blocking", error);
	if (hw_json_has(node, "injection_blocking"))
		nop->injection_blocking = get_share(node, "injection_blocking", error);
	if (ok(error) && nop->topology->read)
		nop->topology->read(node, package, error);
}

static unsigned read_place(struct hw_json at, const struct hw_package *package, GError **error)
{
	if (!hw_json_is_array(at, error))
		return 0;
	if (hw_json_size(at) != 2) {
		hw_json_fail(at, error, "must be [x, y], got %u numbers", hw_json_size(at));
		return 0;
	}
	const unsigned x = (unsigned)hw_json_integer(hw_json_at(at, 0), 0, UINT16_MAX, error);
	const unsigned y = (unsigned)hw_json_integer(hw_json_at(at, 1), 0, UINT16_MAX, error);
	if (x >= package->columns || y >= package->rows)
		hw_json_fail(at, error,
		             "must be on the grid: x from 0 to %u, y from 0 to %u, got [%u, %u]",
		             package->columns - 1, package->rows - 1, x, y);
	return y * package->columns + x;
}

static void read_channel(struct hw_json node, const struct hw_package *package,
                         struct hw_dram_channel *channel, GError **error)
{
	hw_json_keys(node,
	             KEYS("at", "device", "GBps", "latency_ns", "energy_pJ_per_bit", "efficiency",
	                  "turnaround_ns", "write_batch_bytes"),
	             error);
	channel->at = read_place(hw_json_get(node, "at", error), package, error);
	if (hw_json_has(node, "device"))
		channel->device = g_strdup(
			hw_json_string(hw_json_get(node, "device", error), error));
	hw_dram_read_rates(node, channel, error);
}

static void read_dram(struct hw_json node, struct hw_package *package, GError **error)
{
	hw_json_keys(node, KEYS("interleave", "channels"), error);
	package->interleave = (enum hw_interleave)hw_json_choice(
		hw_json_get(node, "interleave", error), INTERLEAVE_NAMES, error);

	struct hw_json channels = hw_json_get(node, "channels", error);
	if (!hw_json_is_array(channels, error))
		return;
	package->dram_count = hw_json_size(channels);
	if (package->dram_count == 0) {
		hw_json_fail(channels, error, "must have at least one channel");
		return;
	}
	package->dram = g_new0(struct hw_dram_channel, package->dram_count);
	for (unsigned i = 0; i < package->dram_count && ok(error); i++)
		read_channel(hw_json_at(channels, i), package, &package->dram[i], error);
}

/* The whole */

static void read_package(struct hw_json root, struct hw_package *package, GError **error)
{
	static const char *const formats[] = { "mcmsim-package/1", NULL };
	struct hw_json name;

	if (!hw_json_is_object(root, error))
		return;
	hw_json_choice(hw_json_get(root, "format", error), formats, error);
	hw_json_keys(root, KEYS("format", "name", "chiplet_types", "grid", "nop", "dram"), error);
	name = hw_json_get(root, "name", error);
	package->name = g_strdup(hw_json_string(name, error));
	if (ok(error) && *package->name == '\0')
		hw_json_fail(name, error, "must not be empty");
	read_types(hw_json_get(root, "chiplet_types", error), package, error);
	read_grid(hw_json_get(root, "grid", error), package, error);
	read_nop(hw_json_get(root, "nop", error), package, error);
	read_dram(hw_json_get(root, "dram", error), package, error);
	if (ok(error))
		hw_lay_links(package);
}

/* "dram.channels[0].device=NAME" */
static bool names_a_device(const char *assignment)
{
	g_autofree char *path = g_strndup(assignment, strcspn(assignment, "="));

	return g_str_has_suffix(path, ".device");
}

/* Which device comes first, then the values that it gives, so that the others can replace them. */
static void complete(struct hw_json_file *file, const char *device_dir,
                     const char *const *overrides, GError **error)
{
	static const char *const none[] = { NULL };
	const char *const *all = overrides != NULL ? overrides : none;

	for (unsigned i = 0; all[i] != NULL && ok(error); i++)
		if (names_a_device(all[i]))
			hw_json_override(file, all[i], error);
	if (ok(error))
		hw_dram_fill_in(file, device_dir, error);
	for (unsigned i = 0; all[i] != NULL && ok(error); i++)
		if (!names_a_device(all[i]))
			hw_json_override(file, all[i], error);
}

/* Takes the file over. */
static struct hw_package *package_of_file(struct hw_json_file *file, const char *device_dir,
                                          const char *const *overrides, GError **error)
{
	struct hw_package *package = g_new0(struct hw_package, 1);
	GError *cause = NULL; /* the reader looks at it, so it must exist */

	complete(file, device_dir, overrides, &cause);
	if (cause == NULL)
		read_package(hw_json_root(file), package, &cause);
	hw_json_close(file);
	if (cause != NULL) {
		hw_package_free(package);
		g_propagate_error(error, cause);
		return NULL;
	}
	return package;
}

struct hw_package *hw_package_parse(const char *text, const char *origin,
                                    const char *const *overrides, GError **error)
{
	struct hw_json_file *file = hw_json_parse(text, origin, error);

	return file != NULL ? package_of_file(file, NULL, overrides, error) : NULL;
}

struct hw_package *hw_package_read(const char *path_or_preset, const char *preset_dir,
                                   const char *const *overrides, GError **error)
{
	g_autofree char *path = hw_json_locate(path_or_preset, preset_dir, "package", error);
	struct hw_json_file *file = path != NULL ? hw_json_open(path, error) : NULL;

	g_autofree char *parent = g_path_get_dirname(preset_dir);
	g_autofree char *device_dir = g_build_filename(parent, "dram", NULL);
	return file != NULL ? package_of_file(file, device_dir, overrides, error) : NULL;
}

void hw_package_free(struct hw_package *package)
{
	if (package == NULL)
		return;
	for (unsigned i = 0; i < package->type_count; i++)
		g_free(package->types[i].name);
	g_free(package->types);
	g_free(package->type_of);
	for (unsigned i = 0; package->dram != NULL && i < package->dram_count; i++)
		g_free(package->dram[i].device);
	g_free(package->dram);
	hw_clear_links(package);
	g_free(package->name);
	g_free(package);
}
