#include "hw/topology/topology.h"
#include "hw/package.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PRESETS "hw/packages"

/* 3 x 2 chiplets of two types; every key that the format has. */
static const char SMALL[] =
	"{\"format\": \"mcmsim-package/1\", \"name\": \"small\", \"source\": {\"any\": [1, "
	"null]},\n"
	" \"chiplet_types\": {\"source\": {},\n"
	"  \"big\": {\"clock_GHz\": 1.5, \"array\": {\"unroll\": {\"K\": 32, \"C\": 16}},"
	" \"vector_lanes\": 64, \"weight_buffer_KiB\": 512, \"activation_buffer_KiB\": 0.5,"
	" \"buffer_GBps\": 256, \"energy_pJ\": {\"mac\": 0.25, \"buffer_byte\": 0, \"static_W\": "
	"0},"
	" \"area_mm2\": 6},\n"
	"  \"flat\": {\"clock_GHz\": 1, \"array\": {\"systolic\": {\"rows\": 8, \"columns\": 4,"
	" \"dataflow\": \"ws\"}}, \"vector_lanes\": 1, \"weight_buffer_KiB\": 1,"
	" \"activation_buffer_KiB\": 1, \"buffer_GBps\": 1,"
	" \"energy_pJ\": {\"mac\": 1, \"buffer_byte\": 2, \"static_W\": 3}, \"area_mm2\": 1}},\n"
	" \"grid\": {\"columns\": 3, \"rows\": 2, \"chiplets\":"
	" [[\"big\", \"flat\", \"big\"], [\"flat\", \"flat\", \"big\"]]},\n"
	" \"nop\": {\"topology\": \"torus\", \"link_GBps\": 25, \"port_GBps\": 100, \"hop_ns\": 0,"
	" \"energy_pJ_per_bit\": 0, \"multicast\": true, \"router_conflict\": 0.25},\n"
	" \"dram\": {\"interleave\": \"nearest\", \"channels\": ["
	"{\"at\": [0, 0], \"GBps\": 25.6, \"latency_ns\": 0, \"energy_pJ_per_bit\": 0},"
	" {\"at\": [2, 1], \"GBps\": 12.8, \"latency_ns\": 60, \"energy_pJ_per_bit\": 7.5,"
	" \"source\": {}}]}}";

static struct hw_package *parsed(const char *text, const char *const *overrides)
{
	GError *error = NULL;
	struct hw_package *package = hw_package_parse(text, "p.json", overrides, &error);

	ck_assert_msg(package != NULL, "%s", error != NULL ? error->message : "no message");
	ck_assert_ptr_null(error);
	return package;
}

/* SMALL with the first occurrence of `from` replaced. */
static char *changed(const char *from, const char *to)
{
	const char *at = strstr(SMALL, from);

	ck_assert_msg(at != NULL, "the example has no %s", from);
	return g_strdup_printf("%.*s%s%s", (int)(at - SMALL), SMALL, to, at + strlen(from));
}

static void assert_refused(const char *text, const char *const *overrides, const char *message)
{
	g_autofree char *expected = g_strconcat("p.json: ", message, NULL);
	GError *error = NULL;

	ck_assert_ptr_null(hw_package_parse(text, "p.json", overrides, &error));
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, expected);
	g_error_free(error);
}

START_TEST(chiplet_types_are_read)
{
	struct hw_package *p = parsed(SMALL, NULL);
	const struct hw_chiplet_type *big = &p->types[0];
	const uint64_t unroll[HW_DIMS] = { 1, 32, 16, 1, 1, 1, 1, 1 };

	ck_assert_str_eq(p->name, "small");
	ck_assert_uint_eq(p->type_count, 2);
	ck_assert_str_eq(big->name, "big");
	ck_assert_double_eq(big->clock_GHz, 1.5);
	ck_assert_uint_eq(big->array.kind, HW_ARRAY_UNROLL);
	ck_assert_mem_eq(big->array.unroll, unroll, sizeof(unroll));
	ck_assert_uint_eq(hw_array_macs(&big->array), 512);
	ck_assert(!big->array.own_inputs);
	ck_assert_uint_eq(big->vector_lanes, 64);
	ck_assert_uint_eq(big->weight_buffer_bytes, 524288);
	ck_assert_uint_eq(big->activation_buffer_bytes, 512);
	ck_assert_double_eq(big->buffer_GBps, 256);
	ck_assert_double_eq(big->mac_pJ, 0.25);
	ck_assert_double_eq(big->area_mm2, 6);
	hw_package_free(p);
}
END_TEST

START_TEST(a_systolic_array_is_read)
{
	struct hw_package *p = parsed(SMALL, NULL);
	const struct hw_chiplet_type *flat = &p->types[1];

	ck_assert_str_eq(flat->name, "flat");
	ck_assert_uint_eq(flat->array.kind, HW_ARRAY_SYSTOLIC);
	ck_assert_uint_eq(flat->array.rows, 8);
	ck_assert_uint_eq(flat->array.columns, 4);
	ck_assert_uint_eq(flat->array.dataflow, HW_WEIGHT_STATIONARY);
	ck_assert(!flat->array.drain);
	ck_assert(!flat->array.own_inputs);
	ck_assert_uint_eq(flat->array.unroll[HW_G], 1);
	ck_assert_double_eq(flat->buffer_byte_pJ, 2);
	ck_assert_double_eq(flat->static_W, 3);
	hw_package_free(p);
}
END_TEST

START_TEST(optional_keys_of_arrays_are_read)
{
	g_autofree char *groups = changed("\"K\": 32", "\"K\": 8, \"G\": 4");
	g_autofree char *own = changed("\"C\": 16}", "\"C\": 16}, \"own_inputs\": true");
	g_autofree char *drained = changed("\"ws\"", "\"os\", \"drain\": true");
	g_autofree char *defaults = changed("\"C\": 16}", "\"G\": 4}, \"own_inputs\": false");
	g_autofree char *walking = changed("\"ws\"", "\"is\", \"drain\": false");
	struct hw_package *p = parsed(groups, NULL);

	ck_assert_uint_eq(p->types[0].array.unroll[HW_G], 4);
	ck_assert_uint_eq(hw_array_macs(&p->types[0].array), 8 * 16 * 4);
	hw_package_free(p);
	p = parsed(own, NULL);
	ck_assert(p->types[0].array.own_inputs);
	hw_package_free(p);
	p = parsed(drained, NULL);
	ck_assert(p->types[1].array.drain);
	hw_package_free(p);
	/* False is what they are without the key, and always allowed. */
	hw_package_free(parsed(defaults, NULL));
	hw_package_free(parsed(walking, NULL));
}
END_TEST

START_TEST(the_matrix_places_the_types)
{
	const unsigned type_of[] = { 0, 1, 0, 1, 1, 0 };
	struct hw_package *p = parsed(SMALL, NULL);

	ck_assert_uint_eq(p->columns, 3);
	ck_assert_uint_eq(p->rows, 2);
	ck_assert_uint_eq(hw_chiplet_count(p), 6);
	ck_assert_mem_eq(p->type_of, type_of, sizeof(type_of));
	ck_assert_str_eq(hw_chiplet(p, 4)->name, "flat");
	hw_package_free(p);
}
END_TEST

START_TEST(one_name_fills_the_grid)
{
	g_autofree char *text = changed(
		"[[\"big\", \"flat\", \"big\"], [\"flat\", \"flat\", \"big\"]]", "\"flat\"");
	struct hw_package *p = parsed(text, NULL);

	for (unsigned i = 0; i < 6; i++)
		ck_assert_uint_eq(p->type_of[i], 1);
	hw_package_free(p);
}
END_TEST

START_TEST(network_and_dram_are_read)
{
	struct hw_package *p = parsed(SMALL, NULL);

	ck_assert_ptr_eq(p->nop.topology, &hw_torus);
	ck_assert_double_eq(p->nop.link_GBps, 25);
	ck_assert_double_eq(p->nop.port_GBps, 100);
	ck_assert_double_eq(p->nop.hop_ns, 0);
	ck_assert(p->nop.multicast);
	ck_assert_double_eq(p->nop.router_conflict, 0.25);
	ck_assert_uint_eq(p->interleave, HW_INTERLEAVE_NEAREST);
	ck_assert_uint_eq(p->dram_count, 2);
	ck_assert_uint_eq(p->dram[0].at, 0);
	ck_assert_uint_eq(p->dram[1].at, 5);
	ck_assert_double_eq(p->dram[1].GBps, 12.8);
	ck_assert_double_eq(p->dram[1].latency_ns, 60);
	ck_assert_double_eq(p->dram[1].energy_pJ_per_bit, 7.5);
	hw_package_free(p);
}
END_TEST

/* What a description of the first form leaves out loses nothing. */
START_TEST(optional_keys_are_neutral)
{
	struct hw_package *p = parsed(SMALL, NULL);

	ck_assert_double_eq(p->nop.message_ns, 0);
	ck_assert_ptr_null(p->dram[1].device);
	ck_assert_double_eq(p->dram[1].efficiency, 1);
	ck_assert_double_eq(p->dram[1].turnaround_ns, 0);
	ck_assert_double_eq(hw_dram_GBps(&p->dram[1]), 12.8);
	ck_assert_double_eq(hw_dram_switch_load(&p->dram[1]), 0);
	hw_package_free(p);
}
END_TEST

/* 12.8 GB/s at a half; 30 ns for every 64 bytes: 192 bytes not moved for 64 written. */
START_TEST(optional_keys_are_read)
{
	g_autofree char *text = changed("7.5", "7.5, \"efficiency\": 0.5, "
	                                       "\"turnaround_ns\": 30, \"write_batch_bytes\": 64");
	struct hw_package *p = parsed(text, NULL);

	ck_assert_double_eq(hw_dram_GBps(&p->dram[1]), 6.4);
	ck_assert_double_eq_tol(hw_dram_switch_load(&p->dram[1]), 3, 1e-12);
	hw_package_free(p);

	g_autofree char *slow = changed("\"hop_ns\": 0", "\"hop_ns\": 0, \"message_ns\": 5.5");
	p = parsed(slow, NULL);
	ck_assert_double_eq(p->nop.message_ns, 5.5);
	hw_package_free(p);
}
END_TEST

START_TEST(overrides_are_applied_in_order)
{
	const char *const overrides[] = { "nop.topology=mesh", "nop.hop_ns=7", "nop.hop_ns=8",
		                          "grid.chiplets[1][0]=big", NULL };
	struct hw_package *p = parsed(SMALL, overrides);

	ck_assert_ptr_eq(p->nop.topology, &hw_mesh);
	ck_assert_double_eq(p->nop.hop_ns, 8);
	ck_assert_uint_eq(p->type_of[3], 0);
	hw_package_free(p);
}
END_TEST

/* Errors */

#define T "$.chiplet_types."
#define PLACE "must be on the grid: x from 0 to 2, y from 0 to 1, got "

#define BORDERS(every, GBps)                                                           \
	"\"hop_ns\": 0, \"borders\": {\"every\": " every ", \"link_GBps\": " GBps ", " \
	"\"hop_ns\": 1, \"energy_pJ_per_bit\": 1}"

static const struct {
	const char *from, *to, *message;
} bad_cases[] = {
	{ "mcmsim-package/1", "mcmsim-package/2",
	  "$.format: must be \"mcmsim-package/1\", got \"mcmsim-package/2\"" },
	{ "\"format\": \"mcmsim-package/1\", ", "", "$: key \"format\" is missing" },
	{ "\"name\": \"small\"", "\"name\": \"\"", "$.name: must not be empty" },
	{ "\"name\": \"small\"", "\"name\": 4", "$.name: must be a string, got 4" },
	{ "\"name\"", "\"nmae\"",
	  "$.nmae: unknown key; allowed here: \"format\", \"name\", \"chiplet_types\", \"grid\", "
	  "\"nop\", \"dram\", \"source\"" },
	{ "\"name\": \"small\"", "\"name\": \"small\", \"name\": \"small\"",
	  "$.name: key appears twice in its object" },
	{ "\"hop_ns\": 0", "\"hop_ns\": 0, \"hop_ns\": 0",
	  "$.nop.hop_ns: key appears twice in its object" },
	/* chiplet types */
	{ "\"clock_GHz\": 1.5, ", "", T "big: key \"clock_GHz\" is missing" },
	{ "\"clock_GHz\": 1.5", "\"clock_GHz\": 0", T "big.clock_GHz: must be > 0, got 0" },
	{ "\"clock_GHz\": 1.5", "\"clock_GHz\": 1e999",
	  T "big.clock_GHz: must be a finite number, got inf" },
	{ "\"clock_GHz\": 1.5", "\"clock_GHz\": \"fast\"",
	  T "big.clock_GHz: must be a number > 0, got \"fast\"" },
	{ "\"clock_GHz\": 1.5", "\"clock_MHz\": 1500",
	  T "big.clock_MHz: unknown key; allowed here: \"clock_GHz\", \"array\", \"vector_lanes\", "
	    "\"weight_buffer_KiB\", \"activation_buffer_KiB\", \"buffer_GBps\", \"energy_pJ\", "
	    "\"area_mm2\", \"source\"" },
	{ "\"K\": 32", "\"K\": 0",
	  T "big.array.unroll.K: must be an integer from 1 to 65536, got 0" },
	{ "\"K\": 32", "\"K\": 2.5",
	  T "big.array.unroll.K: must be an integer from 1 to 65536, got 2.5" },
	{ "\"K\": 32", "\"X\": 32",
	  T "big.array.unroll.X: unknown key; allowed here: \"N\", \"K\", \"C\", \"P\", \"Q\", "
	    "\"R\", \"S\", \"G\", \"source\"" },
	{ "\"K\": 32, \"C\": 16", "\"source\": {}",
	  T "big.array.unroll: must unroll at least one of N, K, C, P, Q, R, S, G" },
	{ "\"K\": 32, \"C\": 16", "\"K\": 65536, \"C\": 65536, \"P\": 2",
	  T "big.array.unroll: must make at most 4294967296 MAC units in all" },
	{ "\"K\": 32", "\"K\": 32, \"G\": 0",
	  T "big.array.unroll.G: must be an integer from 1 to 65536, got 0" },
	{ "\"C\": 16}", "\"C\": 16}, \"own_inputs\": 1",
	  T "big.array.own_inputs: must be true or false, got 1" },
	{ "\"C\": 16}", "\"G\": 16}, \"own_inputs\": true",
	  T "big.array.own_inputs: must be false where \"unroll\" has G: K lanes that serve any "
	    "group need none for groups" },
	{ "\"ws\"}", "\"ws\"}, \"own_inputs\": true",
	  T "flat.array.own_inputs: must be false with \"systolic\": there inputs pass all "
	    "columns" },
	{ "\"ws\"", "\"ws\", \"drain\": true",
	  T "flat.array.systolic.drain: must be false unless \"dataflow\" is \"os\": sums that "
	    "do not stay leave the array while they are made" },
	{ "\"ws\"", "\"os\", \"drain\": 4",
	  T "flat.array.systolic.drain: must be true or false, got 4" },
	{ "\"C\": 16}", "\"C\": 16}, \"lanes\": 1",
	  T "big.array.lanes: unknown key; allowed here: \"unroll\", \"systolic\", "
	    "\"own_inputs\", \"source\"" },
	{ "{\"unroll\": {\"K\": 32, \"C\": 16}}", "{}",
	  T "big.array: must have one of \"unroll\", \"systolic\", has neither" },
	{ "{\"unroll\": {\"K\": 32, \"C\": 16}}", "{\"unroll\": {\"K\": 1}, \"systolic\": {}}",
	  T "big.array: must have one of \"unroll\", \"systolic\", has both" },
	{ "{\"unroll\": {\"K\": 32, \"C\": 16}}", "32", T "big.array: must be an object, got 32" },
	{ "\"rows\": 8", "\"rows\": -8",
	  T "flat.array.systolic.rows: must be an integer from 1 to 65536, got -8" },
	{ "\"rows\": 8, ", "", T "flat.array.systolic: key \"rows\" is missing" },
	{ "\"ws\"", "\"rs\"",
	  T "flat.array.systolic.dataflow: must be one of \"os\", \"ws\", \"is\", got \"rs\"" },
	{ "\"vector_lanes\": 64", "\"vector_lanes\": 0",
	  T "big.vector_lanes: must be an integer from 1 to 1048576, got 0" },
	{ "\"weight_buffer_KiB\": 512", "\"weight_buffer_KiB\": 0",
	  T "big.weight_buffer_KiB: must be > 0, got 0" },
	{ "\"weight_buffer_KiB\": 512", "\"weight_buffer_KiB\": 1e-9",
	  T "big.weight_buffer_KiB: must be from one byte to 1073741824 KiB, got 1e-09" },
	{ "\"weight_buffer_KiB\": 512", "\"weight_buffer_KiB\": 1e10",
	  T "big.weight_buffer_KiB: must be from one byte to 1073741824 KiB, got 1e+10" },
	{ "\"activation_buffer_KiB\": 0.5", "\"activation_buffer_KiB\": -1",
	  T "big.activation_buffer_KiB: must be > 0, got -1" },
	{ "\"buffer_GBps\": 256", "\"buffer_GBps\": 0", T "big.buffer_GBps: must be > 0, got 0" },
	{ "\"mac\": 0.25", "\"mac\": -0.25", T "big.energy_pJ.mac: must be >= 0, got -0.25" },
	{ "\"mac\": 0.25, ", "", T "big.energy_pJ: key \"mac\" is missing" },
	{ "\"static_W\": 0", "\"static_mW\": 0",
	  T "big.energy_pJ.static_mW: unknown key; allowed here: \"mac\", \"buffer_byte\", "
	    "\"static_W\", \"source\"" },
	{ "\"area_mm2\": 6", "\"area_mm2\": 0", T "big.area_mm2: must be > 0, got 0" },
	/* grid */
	{ "\"columns\": 3", "\"columns\": 0",
	  "$.grid.columns: must be an integer from 1 to 256, got 0" },
	{ "\"rows\": 2", "\"rows\": 257",
	  "$.grid.rows: must be an integer from 1 to 256, got 257" },
	{ "\"rows\": 2", "\"rows\": 3", "$.grid.chiplets: must have grid.rows = 3 rows, got 2" },
	{ "[\"flat\", \"flat\", \"big\"]", "[\"flat\", \"flat\"]",
	  "$.grid.chiplets[1]: must have grid.columns = 3 chiplets, got 2" },
	{ "[\"flat\", \"flat\", \"big\"]", "\"flat\"",
	  "$.grid.chiplets[1]: must be an array, got \"flat\"" },
	{ "[\"flat\", \"flat\", \"big\"]", "[\"flat\", \"huge\", \"big\"]",
	  "$.grid.chiplets[1][1]: must be one of \"big\", \"flat\", got \"huge\"" },
	{ "[[\"big\", \"flat\", \"big\"], [\"flat\", \"flat\", \"big\"]]", "\"huge\"",
	  "$.grid.chiplets: must be one of \"big\", \"flat\", got \"huge\"" },
	{ "[[\"big\", \"flat\", \"big\"], [\"flat\", \"flat\", \"big\"]]", "7",
	  "$.grid.chiplets: must be a chiplet type's name or an array of rows of names" },
	/* nop */
	{ "\"torus\"", "\"ring\"",
	  "$.nop.topology: must be one of \"mesh\", \"torus\", got \"ring\"" },
	{ "\"link_GBps\": 25", "\"link_GBps\": -1", "$.nop.link_GBps: must be > 0, got -1" },
	{ "\"link_GBps\": 25", "\"link_GBps\": 1e-300",
	  "$.nop.link_GBps: must be between 1e-15 and 1e+15, got 1e-300" },
	{ "\"link_GBps\": 25", "\"link_GBps\": 1e16",
	  "$.nop.link_GBps: must be between 1e-15 and 1e+15, got 1e+16" },
	{ "\"port_GBps\": 100", "\"port_GBps\": 0", "$.nop.port_GBps: must be > 0, got 0" },
	{ "\"hop_ns\": 0", "\"hop_ns\": -1", "$.nop.hop_ns: must be >= 0, got -1" },
	{ "\"hop_ns\": 0", "\"hop_ns\": 0, \"borders\": 4",
	  "$.nop.borders: must be an object, got 4" },
	{ "\"hop_ns\": 0", BORDERS("[2, 1]", "1"),
	  "$.nop.borders.every[0]: must divide the grid's 3 columns, got 2" },
	{ "\"hop_ns\": 0", BORDERS("[1, 4]", "1"),
	  "$.nop.borders.every[1]: must be an integer from 1 to 2, got 4" },
	{ "\"hop_ns\": 0", BORDERS("[1, 0]", "1"),
	  "$.nop.borders.every[1]: must be an integer from 1 to 2, got 0" },
	{ "\"hop_ns\": 0", BORDERS("[1]", "1"),
	  "$.nop.borders.every: must be [columns, rows] of a die, got 1 numbers" },
	{ "\"hop_ns\": 0", BORDERS("[1, 1]", "0"), "$.nop.borders.link_GBps: must be > 0, got 0" },
	{ "\"hop_ns\": 0", BORDERS("[1, 1], \"pitch\": 1", "1"),
	  "$.nop.borders.pitch: unknown key; allowed here: \"every\", \"link_GBps\", \"hop_ns\", "
	  "\"energy_pJ_per_bit\", \"source\"" },
	{ "\"hop_ns\": 0", "\"hop_ns\": 0, \"borders\": {\"every\": [1, 1]}",
	  "$.nop.borders: key \"link_GBps\" is missing" },
	{ "\"hop_ns\": 0", "\"hop_ns\": 0, \"message_ns\": -1",
	  "$.nop.message_ns: must be >= 0, got -1" },
	{ "\"multicast\": true", "\"multicast\": 1",
	  "$.nop.multicast: must be true or false, got 1" },
	{ "\"router_conflict\": 0.25", "\"router_conflict\": 1.5",
	  "$.nop.router_conflict: must be a share >= 0 and <= 1, got 1.5" },
	{ "\"router_conflict\": 0.25", "\"router_conflict\": -0.5",
	  "$.nop.router_conflict: must be >= 0, got -0.5" },
	{ ", \"router_conflict\": 0.25", "", "$.nop: key \"router_conflict\" is missing" },
	/* dram */
	{ "\"nearest\"", "\"some\"",
	  "$.dram.interleave: must be one of \"all\", \"nearest\", got \"some\"" },
	{ "[2, 1]", "[3, 1]", "$.dram.channels[1].at: " PLACE "[3, 1]" },
	{ "[2, 1]", "[2, 2]", "$.dram.channels[1].at: " PLACE "[2, 2]" },
	{ "[2, 1]", "[-1, 1]",
	  "$.dram.channels[1].at[0]: must be an integer from 0 to 65535, got -1" },
	{ "[2, 1]", "[2]", "$.dram.channels[1].at: must be [x, y], got 1 numbers" },
	{ "[2, 1]", "5", "$.dram.channels[1].at: must be an array, got 5" },
	{ "\"GBps\": 12.8", "\"GBps\": 0", "$.dram.channels[1].GBps: must be > 0, got 0" },
	{ "\"latency_ns\": 60", "\"latency_ns\": -6",
	  "$.dram.channels[1].latency_ns: must be >= 0, got -6" },
	{ "\"latency_ns\": 60, ", "", "$.dram.channels[1]: key \"latency_ns\" is missing" },
	{ "7.5", "-7.5", "$.dram.channels[1].energy_pJ_per_bit: must be >= 0, got -7.5" },
	{ "\"source\": {}}]", "\"port\": 1}]",
	  "$.dram.channels[1].port: unknown key; allowed here: \"at\", \"device\", \"GBps\", "
	  "\"latency_ns\", \"energy_pJ_per_bit\", \"efficiency\", \"turnaround_ns\", "
	  "\"write_batch_bytes\", \"source\"" },
	{ "7.5", "7.5, \"efficiency\": 0", "$.dram.channels[1].efficiency: must be > 0, got 0" },
	{ "7.5", "7.5, \"efficiency\": 1.01",
	  "$.dram.channels[1].efficiency: must be a share > 0 and <= 1, got 1.01" },
	{ "7.5", "7.5, \"turnaround_ns\": -1, \"write_batch_bytes\": 1",
	  "$.dram.channels[1].turnaround_ns: must be >= 0, got -1" },
	{ "7.5", "7.5, \"turnaround_ns\": 20",
	  "$.dram.channels[1]: key \"write_batch_bytes\" is missing" },
	{ "7.5", "7.5, \"write_batch_bytes\": 0",
	  "$.dram.channels[1].write_batch_bytes: must be > 0, got 0" },
};

START_TEST(a_bad_description_is_explained)
{
	g_autofree char *text = changed(bad_cases[_i].from, bad_cases[_i].to);

	assert_refused(text, NULL, bad_cases[_i].message);
}
END_TEST

static const struct {
	const char *override, *message;
} bad_overrides[] = {
	{ "grid.columns=16", "$.grid.chiplets[0]: must have grid.columns = 16 chiplets, got 3" },
	{ "grid.rows=1", "$.grid.chiplets: must have grid.rows = 1 rows, got 2" },
	{ "nop.link_GBps=-1", "$.nop.link_GBps: must be > 0, got -1" },
	{ "dram.channels[1].at[0]=3", "$.dram.channels[1].at: " PLACE "[3, 1]" },
	{ "nop.bandwidth=3",
	  "cannot set \"nop.bandwidth=3\": no \"nop.bandwidth\" in the file; $.nop: it has "
	  "\"topology\", \"link_GBps\", \"port_GBps\", \"hop_ns\", \"energy_pJ_per_bit\", "
	  "\"multicast\", \"router_conflict\"" },
	{ "nop.link_GBps=many",
	  "cannot set \"nop.link_GBps=many\": nop.link_GBps is a number, got \"many\"" },
};

START_TEST(a_bad_override_is_explained)
{
	const char *const overrides[] = { bad_overrides[_i].override, NULL };

	assert_refused(SMALL, overrides, bad_overrides[_i].message);
}
END_TEST

START_TEST(channels_that_fall_off_a_smaller_grid_are_named)
{
	g_autofree char *text = changed(
		"[[\"big\", \"flat\", \"big\"], [\"flat\", \"flat\", \"big\"]]", "\"big\"");
	const char *const overrides[] = { "grid.columns=2", NULL };

	assert_refused(text, overrides,
	               "$.dram.channels[1].at: must be on the grid: x from 0 to 1, "
	               "y from 0 to 1, got [2, 1]");
}
END_TEST

START_TEST(empty_lists_are_refused)
{
	g_autofree char *start = g_strndup(SMALL, (size_t)(strstr(SMALL, "\"channels\"") - SMALL));
	g_autofree char *no_channels = g_strconcat(start, "\"channels\": []}}", NULL);
	const char *types = strstr(SMALL, "{\"source\": {},\n");
	g_autofree char *no_types = g_strdup_printf("%.*s{\"source\": {}},%s", (int)(types - SMALL),
	                                            SMALL, strstr(SMALL, "\"grid\""));

	assert_refused(no_channels, NULL, "$.dram.channels: must have at least one channel");
	assert_refused(no_types, NULL, "$.chiplet_types: must describe at least one chiplet type");
}
END_TEST

START_TEST(other_documents_are_refused)
{
	assert_refused("[]", NULL, "$: must be an object, got an array");
	assert_refused("{}", NULL, "$: key \"format\" is missing");
}
END_TEST

START_TEST(syntax_errors_pass_through)
{
	GError *error = NULL;

	ck_assert_ptr_null(hw_package_parse("{\"format\" 1}", "p.json", NULL, &error));
	ck_assert_str_eq(error->message, "p.json:1:11: JSON syntax error at: 1}");
	g_error_free(error);
}
END_TEST

START_TEST(errors_may_be_ignored)
{
	ck_assert_ptr_null(hw_package_parse("{", "p.json", NULL, NULL));
	ck_assert_ptr_null(hw_package_parse("{}", "p.json", NULL, NULL));
	ck_assert_ptr_null(hw_package_read("nothing", PRESETS, NULL, NULL));
	hw_package_free(NULL);
}
END_TEST

/* Presets */

static const struct {
	const char *name;
	unsigned edge;
} presets[] = { { "simba-6x6", 6 }, { "mcm-16", 4 }, { "mcm-64", 8 }, { "mcm-256", 16 } };

START_TEST(a_preset_has_its_shape)
{
	const unsigned edge = presets[_i].edge;
	GError *error = NULL;
	struct hw_package *p = hw_package_read(presets[_i].name, PRESETS, NULL, &error);
	unsigned west = 0;

	ck_assert_msg(p != NULL, "%s", error != NULL ? error->message : "");
	ck_assert_str_eq(p->name, presets[_i].name);
	ck_assert_uint_eq(p->columns, edge);
	ck_assert_uint_eq(p->rows, edge);
	ck_assert_uint_eq(hw_array_macs(&hw_chiplet(p, 0)->array), 1024);
	ck_assert_uint_eq(hw_chiplet(p, 0)->weight_buffer_bytes, 512 * 1024);
	ck_assert_uint_eq(hw_chiplet(p, 0)->activation_buffer_bytes, 240 * 1024);
	ck_assert_uint_eq(p->dram_count, edge);
	for (unsigned i = 0; i < edge; i++) {
		const unsigned x = p->dram[i].at % edge;
		ck_assert_uint_eq(p->dram[i].at / edge, i); /* one per row */
		ck_assert(x == 0 || x == edge - 1);
		west += x == 0;
	}
	ck_assert_uint_eq(west, edge / 2);
	hw_package_free(p);
}
END_TEST

/* SET's constants, per tile of 1024 MACs and for the package: 0.5 GB/s of DRAM per TOPS. */
START_TEST(a_set_preset_has_the_published_constants)
{
	const unsigned edge = _i == 0 ? 4 : 8;
	g_autofree char *name = g_strdup_printf("set-%ux%u", edge, edge);
	GError *error = NULL;
	struct hw_package *p = hw_package_read(name, PRESETS, NULL, &error);
	double dram_GBps = 0;

	ck_assert_msg(p != NULL, "%s", error != NULL ? error->message : "");
	const struct hw_chiplet_type *tile = hw_chiplet(p, 0);
	ck_assert_uint_eq(hw_chiplet_count(p), edge * edge);
	ck_assert_uint_eq(hw_array_macs(&tile->array), 1024);
	ck_assert_uint_eq(tile->vector_lanes, 64);
	ck_assert_uint_eq(tile->weight_buffer_bytes + tile->activation_buffer_bytes, 1 << 20);
	ck_assert_double_eq(tile->mac_pJ, 0.018);
	ck_assert_double_eq(p->nop.link_GBps, 24);
	ck_assert_double_eq_tol(p->nop.energy_pJ_per_bit * 8, 5.6, 1e-12);
	for (unsigned i = 0; i < p->dram_count; i++) {
		ck_assert_uint_eq(p->dram[i].at, i % 2 ? (i / 2 + 1) * edge - 1 : i / 2 * edge);
		ck_assert_double_eq(p->dram[i].energy_pJ_per_bit * 8, 60);
		dram_GBps += hw_dram_GBps(&p->dram[i]);
	}
	ck_assert_double_eq(dram_GBps, edge * edge * 2 * 0.5);
	hw_package_free(p);
}
END_TEST

START_TEST(every_file_in_the_preset_folder_reads)
{
	GDir *dir = g_dir_open(PRESETS, 0, NULL);
	unsigned count = 0;

	ck_assert_ptr_nonnull(dir);
	for (const char *name; (name = g_dir_read_name(dir)) != NULL; count++) {
		g_autofree char *path = g_build_filename(PRESETS, name, NULL);
		GError *error = NULL;
		struct hw_package *p = hw_package_read(path, PRESETS, NULL, &error);
		ck_assert_msg(p != NULL, "%s", error != NULL ? error->message : "");
		hw_package_free(p);
	}
	g_dir_close(dir);
	ck_assert_uint_ge(count, G_N_ELEMENTS(presets));
}
END_TEST

START_TEST(an_unknown_preset_lists_the_known_ones)
{
	GError *error = NULL;

	ck_assert_ptr_null(hw_package_read("mcm-1", PRESETS, NULL, &error));
	ck_assert(g_str_has_prefix(error->message, "no package \"mcm-1\": neither a file nor a "
	                                           "preset in hw/packages; presets: "));
	for (unsigned i = 0; i < G_N_ELEMENTS(presets); i++)
		ck_assert_ptr_nonnull(strstr(error->message, presets[i].name));
	g_error_free(error);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hw/package");
	TCase *reading = tcase_create("reading");
	TCase *errors = tcase_create("errors");
	TCase *shipped = tcase_create("presets");

	tcase_add_test(reading, chiplet_types_are_read);
	tcase_add_test(reading, a_systolic_array_is_read);
	tcase_add_test(reading, optional_keys_of_arrays_are_read);
	tcase_add_test(reading, the_matrix_places_the_types);
	tcase_add_test(reading, one_name_fills_the_grid);
	tcase_add_test(reading, network_and_dram_are_read);
	tcase_add_test(reading, optional_keys_are_neutral);
	tcase_add_test(reading, optional_keys_are_read);
	tcase_add_test(reading, overrides_are_applied_in_order);
	tcase_add_loop_test(errors, a_bad_description_is_explained, 0,
	                    (int)G_N_ELEMENTS(bad_cases));
	tcase_add_loop_test(errors, a_bad_override_is_explained, 0,
	                    (int)G_N_ELEMENTS(bad_overrides));
	tcase_add_test(errors, channels_that_fall_off_a_smaller_grid_are_named);
	tcase_add_test(errors, empty_lists_are_refused);
	tcase_add_test(errors, other_documents_are_refused);
	tcase_add_test(errors, syntax_errors_pass_through);
	tcase_add_test(errors, errors_may_be_ignored);
	tcase_add_loop_test(shipped, a_preset_has_its_shape, 0, (int)G_N_ELEMENTS(presets));
	tcase_add_loop_test(shipped, a_set_preset_has_the_published_constants, 0, 2);
	tcase_add_test(shipped, every_file_in_the_preset_folder_reads);
	tcase_add_test(shipped, an_unknown_preset_lists_the_known_ones);
	suite_add_tcase(s, reading);
	suite_add_tcase(s, errors);
	suite_add_tcase(s, shipped);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
