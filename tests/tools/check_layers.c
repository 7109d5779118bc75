/*
 * --layers, layers.csv and "layers" of report.json: do they say the same of every node, and do
 * shares of time add up to all of it?
 */
#include "tests/tools/folder.h"
#include "tests/support/suite.h"

#include <math.h>

#include "hw/base/csv.h"

#define RUN                                                                                      \
	"run --package simba-6x6 --workload resnet18 --batch 4 --strategy segmented --quiet -o " \
	"@/run"

static struct hw_csv *csv;
static cJSON *report;

static void run_once(void)
{
	GError *error = NULL;
	setup();
	g_autofree char *out = output_of(folder, RUN);
	g_autofree char *path = g_build_filename(folder, "run", "layers.csv", NULL);
	g_autofree char *text = content_of(folder, "run/report.json");
	csv = hw_csv_read(path, &error);
	ck_assert_msg(csv != NULL, "%s", error ? error->message : "");
	report = cJSON_Parse(text);
	ck_assert_ptr_nonnull(report);
	ck_assert_ptr_nonnull(out);
}

static void drop(void)
{
	hw_csv_free(csv);
	cJSON_Delete(report);
	teardown();
}

START_TEST(csv_and_report_say_the_same)
{
	const cJSON *layers = at(report, "simulated.layers");
	ck_assert_int_eq(cJSON_GetArraySize(layers), (int)csv->row_count);
	ck_assert_uint_eq(csv->row_count, 21);
	for (uint32_t row = 0; row < csv->row_count; row++) {
		const cJSON *layer = cJSON_GetArrayItem(layers, (int)row);
		ck_assert_int_eq(cJSON_GetArraySize(layer), (int)csv->width);
		for (unsigned c = 0; c < csv->width; c++) {
			const cJSON *item = at(layer, csv->names[c]);
			const char *cell = hw_csv_cell(csv, row, (int)c);
			if (cJSON_IsString(item)) {
				ck_assert_str_eq(item->valuestring, cell);
			} else {
				double value;
				ck_assert(hw_csv_number(cell, &value));
				ck_assert_double_eq_tol(value, item->valuedouble,
				                        1e-9 * fabs(value) + 1e-12);
			}
		}
	}
}
END_TEST

START_TEST(shares_of_time_are_all_of_it)
{
	const cJSON *layer;
	double energy_pJ = 0, macs = 0, segments_pJ = 0;
	cJSON_ArrayForEach(layer, at(report, "simulated.layers"))
	{
		double sum = 0;
		const cJSON *item;
		cJSON_ArrayForEach(item, layer) if (g_str_has_suffix(item->string, "_percent"))
			sum += item->valuedouble;
		ck_assert_double_eq_tol(sum, 100, 1e-4);
		energy_pJ += number_at(layer, "energy_pJ");
		macs += number_at(layer, "macs");
	}
	const cJSON *segment, *cluster;
	cJSON_ArrayForEach(segment, at(report, "simulated.segments"))
	{
		double clusters_pJ = 0;
		cJSON_ArrayForEach(cluster, at(segment, "clusters"))
			clusters_pJ += number_at(cluster, "energy_pJ");
		ck_assert_double_eq_tol(clusters_pJ, number_at(segment, "energy_pJ"),
		                        1e-9 * clusters_pJ);
		segments_pJ += clusters_pJ;
	}
	double total_pJ = number_at(report, "simulated.energy_pJ.total");
	ck_assert_double_eq_tol(energy_pJ, total_pJ, 1e-9 * total_pJ);
	ck_assert_double_eq_tol(segments_pJ, total_pJ, 1e-9 * total_pJ);
	ck_assert_double_eq(macs, number_at(report, "simulated.macs"));
	ck_assert_double_eq_tol(number_at(report, "simulated.energy_per_sample_pJ"), total_pJ / 4,
	                        1e-9 * total_pJ);
	ck_assert_double_eq_tol(number_at(report, "simulated.edp_mJ_ms"),
	                        total_pJ * 1e-9 * number_at(report, "simulated.latency_ns") * 1e-6,
	                        1e-9);
}
END_TEST

/* Three input channels on 32 lanes: most of the array is empty, and it is said. */
START_TEST(empty_lanes_of_a_first_layer_show)
{
	const cJSON *first = cJSON_GetArrayItem(at(report, "simulated.layers"), 0);
	double mac = number_at(first, "mac_percent"), lanes = number_at(first, "lanes_percent");
	ck_assert_str_eq(at(first, "node")->valuestring, "conv1");
	ck_assert_str_eq(at(first, "bound_by")->valuestring, "lanes");
	/* K 64 fills 32 lanes, C 3 of 32. */
	ck_assert_double_eq_tol(mac / (mac + lanes), 3.0 / 32, 1e-6);
}
END_TEST

/* Within 80 columns unless there are more, and with every node's name in each block. */
START_TEST(tables_fit)
{
	g_autofree char *text = output_of(folder,
	                                  "simulate --package simba-6x6 --workload resnet18 "
	                                  "--mapping @/run/mapping.json --layers");
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	unsigned named = 0;
	for (unsigned i = 0; lines[i]; i++) {
		ck_assert_uint_le(strlen(lines[i]), 80);
		named += g_str_has_prefix(lines[i], "layer2.0.downsample ") ? 1 : 0;
	}
	ck_assert_uint_ge(named, 3);
	assert_has(text, " mJ per sample: MACs ");
	assert_has(text, "EDP ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layers");
	TCase *tests = tcase_create("layers");
	tcase_add_unchecked_fixture(tests, run_once, drop);
	tcase_add_test(tests, csv_and_report_say_the_same);
	tcase_add_test(tests, shares_of_time_are_all_of_it);
	tcase_add_test(tests, empty_lanes_of_a_first_layer_show);
	tcase_add_test(tests, tables_fit);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
