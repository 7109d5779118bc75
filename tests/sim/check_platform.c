/* Is the platform file what SimGrid needs, and are routes what hw/topology/ says? */
#include "hw/topology/grid.h"
#include "hw/resources.h"
#include "hw/topology/topology.h"
#include "sim/engine/platform.h"
#include "tests/support/made.h"
#include "tests/support/synthetic.h"
#include "tests/support/suite.h"

#include <check.h>
#include <locale.h>
#include <unistd.h>

static char *written(const struct hw_package *package, const struct sim_program *program)
{
	g_autofree char *path = g_strdup_printf("/tmp/check-platform-%d.xml", (int)getpid());
	char *text = NULL;
	GError *error = NULL;
	ck_assert(sim_platform_write(package, program, path, &error));
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	unlink(path);
	return text;
}

/* 2 x 1 chiplets; three pairs in use, one of them twice, given in no order. */
static struct sim_program *three_pairs(const struct hw_package *package)
{
	struct sim_program *program = sim_program_new();
	synthetic_phase1(program, package, 4, 1, 100);
	synthetic_phase1(program, package, 2, 3, 100);
	synthetic_phase1(program, package, 0, 1, 100);
	synthetic_phase1(program, package, 2, 3, 7);
	synthetic_compute1(program, 0, 100);
	return program;
}

START_TEST(platform_matches_the_golden_file)
{
	struct hw_package *package = synthetic_package(2, 1);
	struct sim_program *program = three_pairs(package);
	g_autofree char *text = written(package, program), *golden = NULL;
	ck_assert(g_file_get_contents("tests/data/platform-2x1.xml", &golden, NULL, NULL));
	ck_assert_str_eq(text, golden);
	sim_program_free(program);
	hw_package_free(package);
}
END_TEST

/* The link over a die's rim has its own bandwidth and latency, the one beside it those of nop. */
START_TEST(each_link_has_its_own_values)
{
	struct hw_package *package = made_package(
		(struct made_package){ .columns = 4, .die = { 2, 1 }, .border_GBps = 3 });
	struct sim_program *program = sim_program_new();
	g_autofree char *text = written(package, program);
	ck_assert_ptr_nonnull(
		strstr(text, "<link id=\"link-1-0-east\" bandwidth=\"3Bps\" latency=\"9s\"/>"));
	ck_assert_ptr_nonnull(
		strstr(text, "<link id=\"link-0-0-east\" bandwidth=\"10Bps\" latency=\"5s\"/>"));
	sim_program_free(program);
	hw_package_free(package);
}
END_TEST

/* Where the locale exists (it needs not), numbers keep their point. */
START_TEST(numbers_do_not_depend_on_the_locale)
{
	struct hw_package *package = synthetic_package(2, 1);
	struct sim_program *program = three_pairs(package);
	package->nop.hop_ns = 0.1;
	hw_lay_links(package);
	setlocale(LC_ALL, "de_DE.UTF-8");
	g_autofree char *text = written(package, program);
	ck_assert(strstr(text, "latency=\"0.10000000000000001s\"") != NULL);
	sim_program_free(program);
	hw_package_free(package);
}
END_TEST

/* On 3 x 2: chiplets 0-5, routers 6-11, DRAM 12 (at 0) and 13 (at 5). */
START_TEST(routes_use_ports_links_and_channels)
{
	struct hw_package *p = synthetic_package(3, 2);
	unsigned links[3 + 2 + 4];
	ck_assert_uint_eq(sim_route(p, 0, 4, links), 4); /* east, south */
	ck_assert_uint_eq(links[0], hw_inject_id(p, 0));
	ck_assert_uint_eq(links[1], hw_grid_link(p, 0, HW_EAST));
	ck_assert_uint_eq(links[2], hw_grid_link(p, 1, HW_SOUTH));
	ck_assert_uint_eq(links[3], hw_eject_id(p, 4));
	ck_assert_uint_eq(sim_route(p, 6, 7, links), 1);
	ck_assert_uint_eq(links[0], hw_grid_link(p, 0, HW_EAST));
	ck_assert_uint_eq(sim_route(p, 2, 8, links), 1);
	ck_assert_uint_eq(links[0], hw_inject_id(p, 2));
	ck_assert_uint_eq(sim_route(p, 8, 2, links), 1);
	ck_assert_uint_eq(links[0], hw_eject_id(p, 2));
	ck_assert_uint_eq(sim_route(p, 13, 4, links), 3);
	ck_assert_uint_eq(links[0], hw_dram_id(p, 1));
	ck_assert_uint_eq(links[1], hw_grid_link(p, 5, HW_WEST));
	ck_assert_uint_eq(links[2], hw_eject_id(p, 4));
	ck_assert_uint_eq(sim_route(p, 0, 12, links), 2);
	ck_assert_uint_eq(links[0], hw_inject_id(p, 0));
	ck_assert_uint_eq(links[1], hw_dram_id(p, 0));
	hw_package_free(p);
}
END_TEST

START_TEST(hosts_have_names)
{
	struct hw_package *p = synthetic_package(3, 2);
	char name[32];
	ck_assert_str_eq(sim_host_name(p, 4, name, sizeof(name)), "chiplet-1-1");
	ck_assert_str_eq(sim_host_name(p, 8, name, sizeof(name)), "router-2-0");
	ck_assert_str_eq(sim_host_name(p, 13, name, sizeof(name)), "dram-1");
	hw_package_free(p);
}
END_TEST

START_TEST(resources_have_latencies)
{
	struct hw_package *p = synthetic_package(3, 2);
	ck_assert_double_eq(hw_resource_latency_ns(p, hw_grid_link(p, 0, HW_EAST)), 5.0);
	ck_assert_double_eq(hw_resource_latency_ns(p, hw_inject_id(p, 3)), 0.0);
	ck_assert_double_eq(hw_resource_latency_ns(p, hw_eject_id(p, 3)), 0.0);
	p->nop.message_ns = 7;
	ck_assert_double_eq(hw_resource_latency_ns(p, hw_inject_id(p, 3)), 3.5);
	ck_assert_double_eq(hw_resource_latency_ns(p, hw_eject_id(p, 3)), 3.5);
	ck_assert_double_eq(hw_resource_latency_ns(p, hw_grid_link(p, 0, HW_EAST)), 5.0);
	ck_assert_double_eq(hw_resource_latency_ns(p, hw_dram_id(p, 1)), 100.0);
	hw_package_free(p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform");
	TCase *cases = tcase_create("platform");
	tcase_add_test(cases, platform_matches_the_golden_file);
	tcase_add_test(cases, each_link_has_its_own_values);
	tcase_add_test(cases, numbers_do_not_depend_on_the_locale);
	tcase_add_test(cases, routes_use_ports_links_and_channels);
	tcase_add_test(cases, hosts_have_names);
	tcase_add_test(cases, resources_have_latencies);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
