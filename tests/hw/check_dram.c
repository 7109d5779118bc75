/*
 * Question: do channels that name a device get its rates, keep their own, and is
 * what is wrong with a device told? Are the presets what their sources say?
 */
#include "hw/package.h"
#include "tests/support/made.h"
#include "tests/support/suite.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define PRESETS "hw/packages"

static const char DEVICE[] = "{\"format\": \"mcmsim-dram/1\", \"name\": \"d\", \"source\": {}, "
			     "\"GBps\": 20, \"latency_ns\": 50, \"energy_pJ_per_bit\": 4, "
			     "\"efficiency\": 0.75, \"turnaround_ns\": 30, "
			     "\"write_batch_bytes\": 600}";

/* A folder of its own, with packages/ and dram/ in it, as the presets have. */
static char *folder, *preset_dir;

static void make_folder(void)
{
	folder = g_dir_make_tmp("mcmsim-dram-XXXXXX", NULL);
	ck_assert_ptr_nonnull(folder);
	preset_dir = g_build_filename(folder, "packages", NULL);
	g_autofree char *dram = g_build_filename(folder, "dram", NULL);
	ck_assert_int_eq(g_mkdir(preset_dir, 0700), 0);
	ck_assert_int_eq(g_mkdir(dram, 0700), 0);
}

static void remove_folder(void)
{
	static const char *const left[] = { "packages/p.json", "packages", "dram/d.json", "dram",
		                            "" };
	for (unsigned i = 0; i < G_N_ELEMENTS(left); i++) {
		g_autofree char *path = g_build_filename(folder, left[i], NULL);
		g_remove(path);
	}
	g_clear_pointer(&folder, g_free);
	g_clear_pointer(&preset_dir, g_free);
}

static void write_file(const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	ck_assert(g_file_set_contents(path, text, -1, NULL));
}

/* The package with those channels, and the device as preset "d". */
static struct hw_package *read_one(const char *channels, const char *device, const char *override,
                                   GError **error)
{
	const char *const overrides[] = { override, NULL };
	g_autofree char *text = made_package_text(
		(struct made_package){ .channel_list = channels });
	write_file("packages/p.json", text);
	write_file("dram/d.json", device);
	return hw_package_read("p", preset_dir, overrides, error);
}

START_TEST(a_device_gives_what_the_channel_leaves_out)
{
	GError *error = NULL;
	struct hw_package *p = read_one("{\"at\": [0, 0], \"device\": \"d\"}, "
	                                "{\"at\": [0, 0], \"device\": \"d\", \"GBps\": 40, "
	                                "\"efficiency\": 1, \"turnaround_ns\": 0}, "
	                                "{\"at\": [0, 0], \"GBps\": 5, \"latency_ns\": 6, "
	                                "\"energy_pJ_per_bit\": 7}",
	                                DEVICE, NULL, &error);
	ck_assert_msg(p != NULL, "%s", error ? error->message : "");
	const struct hw_dram_channel *all = &p->dram[0], *some = &p->dram[1], *none = &p->dram[2];

	ck_assert_str_eq(all->device, "d");
	ck_assert_double_eq(all->GBps, 20);
	ck_assert_double_eq(all->latency_ns, 50);
	ck_assert_double_eq(all->energy_pJ_per_bit, 4);
	ck_assert_double_eq(all->efficiency, 0.75);
	ck_assert_double_eq(all->turnaround_ns, 30);
	ck_assert_double_eq(all->write_batch_bytes, 600);
	ck_assert_double_eq(hw_dram_GBps(all), 15);
	ck_assert_double_eq(hw_dram_switch_load(all), 0.75); /* 30 ns x 15 bytes/ns / 600 */

	ck_assert_double_eq(some->latency_ns, 50);
	ck_assert_double_eq(hw_dram_GBps(some), 40);
	ck_assert_double_eq(hw_dram_switch_load(some), 0);

	ck_assert_ptr_null(none->device);
	ck_assert_double_eq(hw_dram_GBps(none), 5);
	hw_package_free(p);
}
END_TEST

/* What a device gives can be replaced, and the device itself, whichever comes first. */
START_TEST(overrides_reach_the_devices_values)
{
	GError *error = NULL;
	struct hw_package *p = read_one("{\"at\": [0, 0], \"device\": \"d\"}", DEVICE,
	                                "dram.channels[0].efficiency=0.5", &error);
	ck_assert_msg(p != NULL, "%s", error ? error->message : "");
	ck_assert_double_eq(hw_dram_GBps(&p->dram[0]), 10);
	hw_package_free(p);

	const char *const both[] = { "dram.channels[0].latency_ns=1",
		                     "dram.channels[0].device=gddr6-14000-x32", NULL };
	p = hw_package_read("mcm-16", PRESETS, both, &error);
	ck_assert_msg(p != NULL, "%s", error ? error->message : "");
	ck_assert_str_eq(p->dram[0].device, "gddr6-14000-x32");
	ck_assert_double_eq(p->dram[0].GBps, 56);
	ck_assert_double_eq(p->dram[0].latency_ns, 1);
	ck_assert_str_eq(p->dram[1].device, "lpddr5-6400-x32");
	hw_package_free(p);
}
END_TEST

#define ONE "{\"at\": [0, 0], \"device\": \"d\"}"
#define IN_DEVICE "%s/dram/d.json: "
#define IN_PACKAGE "%s/packages/p.json: "

static const struct {
	const char *channels;
	const char *from, *to; /* in the device */
	const char *message;   /* %s: the folder */
} bad_cases[] = {
	{ ONE, "mcmsim-dram/1", "mcmsim-package/1",
	  IN_DEVICE "$.format: must be \"mcmsim-dram/1\", got \"mcmsim-package/1\"" },
	{ ONE, "0.75", "1.5", IN_DEVICE "$.efficiency: must be a share > 0 and <= 1, got 1.5" },
	{ ONE, "\"efficiency\": 0.75, ", "", IN_DEVICE "$: key \"efficiency\" is missing" },
	{ ONE, "\"turnaround_ns\": 30, ", "", IN_DEVICE "$: key \"turnaround_ns\" is missing" },
	{ ONE, "\"GBps\": 20", "\"GBps\": 0", IN_DEVICE "$.GBps: must be > 0, got 0" },
	{ ONE, "\"GBps\"", "\"rate\"",
	  IN_DEVICE "$.rate: unknown key; allowed here: \"format\", \"name\", \"GBps\", "
	            "\"latency_ns\", \"energy_pJ_per_bit\", \"efficiency\", \"turnaround_ns\", "
	            "\"write_batch_bytes\", \"source\"" },
	{ ONE, "600}", "600", "%s/dram/d.json:1:175: JSON syntax error at the end of the text" },
	{ "{\"at\": [0, 0], \"device\": \"e\"}", "", "",
	  IN_PACKAGE "$.dram.channels[0].device: no DRAM device \"e\": neither a file nor a preset "
	             "in %s/dram; presets: d" },
	{ "{\"at\": [0, 0], \"device\": 5}", "", "",
	  IN_PACKAGE "$.dram.channels[0].device: must be a string, got 5" },
	{ "5", "", "", IN_PACKAGE "$.dram.channels[0]: must be an object, got 5" },
	{ "{\"at\": [0, 0], \"device\": \"d\", \"GBps\": -5}", "", "",
	  IN_PACKAGE "$.dram.channels[0].GBps: must be > 0, got -5" },
};

/* Both ends of the text; the folder stands wherever %s is. */
START_TEST(what_is_wrong_is_told)
{
	const char *at = strstr(DEVICE, bad_cases[_i].from);
	ck_assert_ptr_nonnull(at);
	g_autofree char *device = g_strdup_printf("%.*s%s%s", (int)(at - DEVICE), DEVICE,
	                                          bad_cases[_i].to,
	                                          at + strlen(bad_cases[_i].from));
	g_auto(GStrv) parts = g_strsplit(bad_cases[_i].message, "%s", -1);
	g_autofree char *expected = g_strjoinv(folder, parts);
	GError *error = NULL;

	ck_assert_ptr_null(read_one(bad_cases[_i].channels, device, NULL, &error));
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, expected);
	g_error_free(error);
}
END_TEST

/* From the figures that the files' sources give. */
static const struct {
	const char *name;
	double peak_GBps, sustained_GBps, write_GBps;
} presets[] = {
	/* 1 - 210/3906; 28.75 ns lost for 2048 bytes, which take 84.56 ns */
	{ "lpddr5-6400-x32", 6.4 * 4, 24.22, 18.07 },
	/* 1 - 120/1953; 21.09 ns for 1536 bytes, which take 29.21 ns */
	{ "gddr6-14000-x32", 14 * 4, 52.58, 30.53 },
	/* 1 - 350/3900; 29 ns for 12288 bytes, which take 32.97 ns */
	{ "hbm2e-3200-x1024", 3.2 * 128, 372.7, 198.3 },
};

START_TEST(presets_sustain_what_their_sources_say)
{
	g_autofree char *channel = g_strdup_printf("dram.channels[0].device=%s", presets[_i].name);
	const char *const overrides[] = { channel, NULL };
	GError *error = NULL;
	struct hw_package *p = hw_package_read("mcm-16", PRESETS, overrides, &error);
	ck_assert_msg(p != NULL, "%s", error ? error->message : "");
	const struct hw_dram_channel *dram = &p->dram[0];

	ck_assert_double_eq_tol(dram->GBps, presets[_i].peak_GBps, 1e-9);
	ck_assert_double_eq_tol(hw_dram_GBps(dram), presets[_i].sustained_GBps,
	                        1e-3 * presets[_i].sustained_GBps);
	ck_assert_double_eq_tol(hw_dram_GBps(dram) / (1 + hw_dram_switch_load(dram)),
	                        presets[_i].write_GBps, 1e-3 * presets[_i].write_GBps);
	hw_package_free(p);
}
END_TEST

/* No bandwidth is the peak by accident: every preset channel names a device or says what it
 * loses. */
START_TEST(no_package_sustains_the_peak_unsaid)
{
	static const char *const packages[] = { "simba-6x6", "mcm-16", "mcm-64", "mcm-256" };
	struct hw_package *p = hw_package_read(packages[_i], PRESETS, NULL, NULL);

	ck_assert_ptr_nonnull(p);
	for (unsigned i = 0; i < p->dram_count; i++) {
		ck_assert_ptr_nonnull(p->dram[i].device);
		ck_assert_double_lt(p->dram[i].efficiency, 1);
		ck_assert_double_gt(p->dram[i].turnaround_ns, 0);
	}
	hw_package_free(p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hw/dram");
	TCase *devices = tcase_create("devices");
	TCase *shipped = tcase_create("presets");

	tcase_add_checked_fixture(devices, make_folder, remove_folder);
	tcase_add_test(devices, a_device_gives_what_the_channel_leaves_out);
	tcase_add_test(devices, overrides_reach_the_devices_values);
	tcase_add_loop_test(devices, what_is_wrong_is_told, 0, (int)G_N_ELEMENTS(bad_cases));
	tcase_add_loop_test(shipped, presets_sustain_what_their_sources_say, 0,
	                    (int)G_N_ELEMENTS(presets));
	tcase_add_loop_test(shipped, no_package_sustains_the_peak_unsaid, 0, 4);
	suite_add_tcase(suite, devices);
	suite_add_tcase(suite, shipped);
	return suite_run(suite);
}
