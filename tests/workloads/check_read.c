/* Question: does the reader take what the format allows and name what it does not? */
#include "tests/workloads/network.h"
#include "tests/support/suite.h"

#include <string.h>

#define IMAGE "{'name': 'x', 'shape': [4, 8, 8]}"
#define CONV "{'name': 'c', 'op': 'conv', 'inputs': ['x'], 'out_channels': 4, 'kernel': 3}"

START_TEST(reads_every_field)
{
	struct wl_workload *w = network(
		IMAGE, "{'name': 'c', 'op': 'conv', 'inputs': ['x'], 'out_channels': 6,"
		       "'kernel': [3, 1], 'stride': [2, 1], 'pad': [1, 0], 'dilation': [1, 2],"
		       "'groups': 2}, {'name': 'r', 'op': 'leaky_relu', 'inputs': ['c']}");
	const struct wl_layer *c = &w->layers[0], *r = &w->layers[1];

	ck_assert_str_eq(w->name, "net");
	ck_assert_str_eq(w->source, "test");
	ck_assert_uint_eq(w->activation_bytes, 1);
	ck_assert_uint_eq(w->weight_bytes, 2);
	ck_assert_uint_eq(w->input_count, 1);
	ck_assert_str_eq(w->inputs[0].name, "x");
	assert_shape(w->inputs[0].shape, 4, 8, 8);
	ck_assert_uint_eq(w->layer_count, 2);
	ck_assert_str_eq(c->name, "c");
	ck_assert_int_eq(c->op, WL_CONV);
	ck_assert_uint_eq(c->input_count, 1);
	ck_assert_uint_eq(c->inputs[0], 2); /* layer_count + 0 */
	ck_assert_uint_eq(c->out_channels, 6);
	ck_assert_uint_eq(c->kernel[0], 3);
	ck_assert_uint_eq(c->kernel[1], 1);
	ck_assert_uint_eq(c->stride[0], 2);
	ck_assert_uint_eq(c->stride[1], 1);
	ck_assert_uint_eq(c->pad[0], 1);
	ck_assert_uint_eq(c->pad[1], 0);
	ck_assert_uint_eq(c->dilation[0], 1);
	ck_assert_uint_eq(c->dilation[1], 2);
	ck_assert_uint_eq(c->groups, 2);
	ck_assert_int_eq(r->op, WL_ACTIVATION);
	ck_assert_uint_eq(r->inputs[0], 0);
	wl_workload_free(w);
}
END_TEST

START_TEST(omitted_attributes_are_those_of_the_network_formats)
{
	struct wl_workload *w = network(IMAGE, CONV);

	for (unsigned d = 0; d < 2; d++) {
		ck_assert_uint_eq(w->layers[0].stride[d], 1);
		ck_assert_uint_eq(w->layers[0].pad[d], 0);
		ck_assert_uint_eq(w->layers[0].dilation[d], 1);
	}
	ck_assert_uint_eq(w->layers[0].groups, 1);
	wl_workload_free(w);
}
END_TEST

START_TEST(every_operation_has_its_name)
{
	static const char *const names[] = {
		"conv",         "transposed_conv", "matmul", "max_pool",
		"average_pool", "global_pool",     "add",    "concat",
		"activation",   "batch_norm",      "lrn",    "norm",
		"softmax"
	};

	ck_assert_uint_eq(G_N_ELEMENTS(names), WL_OPS);
	for (unsigned op = 0; op < WL_OPS; op++)
		ck_assert_str_eq(wl_op_name((enum wl_op)op), names[op]);
}
END_TEST

START_TEST(overrides_replace_scalars)
{
	static const char *const overrides[] = { "layers[0].kernel=1", "weight_bytes=1", NULL };
	g_autofree char *text = network_text(IMAGE, CONV);
	g_autoptr(GError) error = NULL;
	struct wl_workload *w = wl_workload_parse(text, "net.json", overrides, &error);

	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->nodes[0].weight_bytes, 16);
	assert_shape(w->layers[0].output, 4, 8, 8);
	wl_workload_free(w);
}
END_TEST

START_TEST(overrides_are_checked_like_the_file)
{
	static const char *const overrides[] = { "layers[0].kernel=9", NULL };
	g_autofree char *text = network_text(IMAGE, CONV);

	assert_refused(text, overrides,
	               "net.json: $.layers[0].kernel: must not exceed the padded input of 8 rows, "
	               "got 9");
}
END_TEST

START_TEST(presets_are_found_by_name_and_files_by_path)
{
	struct wl_workload *preset = wl_workload_read("alexnet", "workloads/zoo", NULL, NULL);
	struct wl_workload *file = wl_workload_read("workloads/zoo/alexnet.json", "nowhere", NULL,
	                                            NULL);

	ck_assert_ptr_nonnull(preset);
	ck_assert_ptr_nonnull(file);
	ck_assert_str_eq(preset->name, file->name);
	wl_workload_free(preset);
	wl_workload_free(file);
}
END_TEST

START_TEST(missing_files_and_presets_are_errors)
{
	g_autoptr(GError) preset = NULL;
	g_autoptr(GError) file = NULL;

	ck_assert_ptr_null(wl_workload_read("lexnet", "workloads/zoo", NULL, &preset));
	ck_assert_msg(strstr(preset->message, "no workload \"lexnet\"") != NULL, "%s",
	              preset->message);
	ck_assert_msg(strstr(preset->message, "alexnet") != NULL, "%s", preset->message);
	ck_assert_ptr_null(wl_workload_read("./lexnet.json", "workloads/zoo", NULL, &file));
	ck_assert_msg(strstr(file->message, "./lexnet.json") != NULL, "%s", file->message);
}
END_TEST

START_TEST(errors_may_be_ignored)
{
	ck_assert_ptr_null(wl_workload_parse("{}", "net.json", NULL, NULL));
	ck_assert_ptr_null(wl_workload_parse("", "net.json", NULL, NULL));
	wl_workload_free(NULL);
}
END_TEST

/* What the whole file may get wrong: one replacement in a good file each. */
static const struct root_case {
	const char *good, *bad, *message;
} root_cases[] = {
	{ "mcmsim-workload/1", "mcmsim-workload/2",
	  "$.format: must be \"mcmsim-workload/1\", got \"mcmsim-workload/2\"" },
	{ "'name': 'net',", "", "$: key \"name\" is missing" },
	{ "'name': 'net'", "'name': ''", "$.name: must not be empty, got \"\"" },
	{ "'source': 'test',", "", "$: key \"source\" is missing" },
	{ "'source': 'test'", "'source': 7", "$.source: must be a string, got 7" },
	{ "'activation_bytes': 1,", "", "$: key \"activation_bytes\" is missing" },
	{ "'activation_bytes': 1", "'activation_bytes': 0",
	  "$.activation_bytes: must be an integer from 1 to 8, got 0" },
	{ "'weight_bytes': 2", "'weight_bytes': 0.5",
	  "$.weight_bytes: must be an integer from 1 to 8, got 0.5" },
	{ "'name': 'net'", "'name': 'net', 'batch': 1",
	  "$.batch: unknown key; allowed here: \"format\", \"name\", \"source\", "
	  "\"activation_bytes\", \"weight_bytes\", \"inputs\", \"layers\"" },
	{ "'inputs': [{'name': 'x', 'shape': [4, 8, 8]}]", "'inputs': []",
	  "$.inputs: must have from 1 to 1048576 elements, got 0" },
	{ "'inputs': [{'name': 'x', 'shape': [4, 8, 8]}]", "'inputs': 3",
	  "$.inputs: must be an array, got 3" },
	{ "[4, 8, 8]", "[4, 8]",
	  "$.inputs[0].shape: must be [channels, rows, columns], got 2 "
	  "elements" },
	{ "[4, 8, 8]", "[4, 0, 8]",
	  "$.inputs[0].shape[1]: must be an integer from 1 to 1048576, got 0" },
	{ "[4, 8, 8]", "[1048576, 1048576, 8]",
	  "$.inputs[0].shape: must have at most 1099511627776 elements" },
	{ "'shape'", "'size'", "$.inputs[0].size: unknown key; allowed here: \"name\", \"shape\"" },
	{ "{'name': 'x', 'shape'", "{'shape'", "$.inputs[0]: key \"name\" is missing" },
	{ "'layers': [" CONV "]", "'layers': []",
	  "$.layers: must have from 1 to 1048576 elements, got 0" },
	{ "'layers': [" CONV "]", "'layers': [7]", "$.layers[0]: must be an object, got 7" },
	{ "[4, 8, 8]}", "[4, 8, 8]}, {'name': 'y', 'shape': [1, 1, 1]}",
	  "$.inputs[1]: must be read by a layer, got no reader of \"y\"" },
	{ "[4, 8, 8]}", "[4, 8, 8]}, {'name': 'x', 'shape': [1, 1, 1]}",
	  "$.inputs[1].name: must differ from the names of all other layers and inputs, got "
	  "\"x\"" },
};

static char *replaced(const char *text, const char *good, const char *bad)
{
	const char *at = strstr(text, good);

	ck_assert_msg(at != NULL, "the fixture lacks %s", good);
	return g_strdup_printf("%.*s%s%s", (int)(at - text), text, bad, at + strlen(good));
}

START_TEST(refuses_what_the_root_may_not_say)
{
	const struct root_case *c = &root_cases[_i];
	g_autofree char *text = network_text(IMAGE, CONV);
	g_autofree char *good = g_strdelimit(g_strdup(c->good), "'", '"');
	g_autofree char *bad = g_strdelimit(g_strdup(c->bad), "'", '"');
	g_autofree char *wrong = replaced(text, good, bad);
	g_autofree char *message = g_strconcat("net.json: ", c->message, NULL);

	assert_refused(wrong, NULL, message);
}
END_TEST

static const char op_list[] =
	"must be one of \"conv\", \"transposed_conv\", \"matmul\", \"max_pool\", "
	"\"average_pool\", \"global_pool\", \"add\", \"concat\", \"activation\", \"relu\", "
	"\"relu6\", \"leaky_relu\", \"prelu\", \"elu\", \"selu\", \"gelu\", \"silu\", \"mish\", "
	"\"hard_swish\", \"hard_sigmoid\", \"sigmoid\", \"tanh\", \"softplus\", \"clip\", "
	"\"norm\", \"batch_norm\", \"lrn\", \"softmax\", got \"relo\"";

#define LAYER(op, rest) "{'name': 'a', 'op': '" op "', 'inputs': ['x']" rest "}"
#define NEXT(op, inputs) CONV ", {'name': 'a', 'op': '" op "', 'inputs': [" inputs "]}"
#define UNKNOWN "unknown key; allowed here: \"name\", \"op\", \"inputs\""

/* What one layer may get wrong, behind a network input x of 4x8x8. */
static const struct layer_case {
	const char *layers, *message;
} layer_cases[] = {
	{ LAYER("relo", ""), NULL },
	{ "{'op': 'conv', 'inputs': ['x']}", "$.layers[0]: key \"name\" is missing" },
	{ "{'name': 'a', 'inputs': ['x']}", "$.layers[0]: key \"op\" is missing" },
	{ "{'name': 'a', 'op': 'relu'}", "$.layers[0]: key \"inputs\" is missing" },
	{ "{'name': '', 'op': 'relu', 'inputs': ['x']}",
	  "$.layers[0].name: must not be empty, got \"\"" },
	{ LAYER("conv", ", 'kernel': 1"), "$.layers[0]: key \"out_channels\" is missing" },
	{ LAYER("conv", ", 'out_channels': 1"), "$.layers[0]: key \"kernel\" is missing" },
	{ LAYER("max_pool", ""), "$.layers[0]: key \"kernel\" is missing" },
	{ LAYER("matmul", ""), "$.layers[0]: key \"out_channels\" is missing" },
	{ LAYER("conv", ", 'out_channels': 0, 'kernel': 1"),
	  "$.layers[0].out_channels: must be an integer from 1 to 1048576, got 0" },
	{ LAYER("conv", ", 'out_channels': 1, 'kernel': 0"),
	  "$.layers[0].kernel: must be an integer from 1 to 65536, got 0" },
	{ LAYER("conv", ", 'out_channels': 1, 'kernel': [3, 1.5]"),
	  "$.layers[0].kernel[1]: must be an integer from 1 to 65536, got 1.5" },
	{ LAYER("conv", ", 'out_channels': 1, 'kernel': [3]"),
	  "$.layers[0].kernel: must be a number or [rows, columns], got 1 elements" },
	{ LAYER("conv", ", 'out_channels': 1, 'kernel': 'big'"),
	  "$.layers[0].kernel: must be an integer from 1 to 65536, got \"big\"" },
	{ LAYER("conv", ", 'out_channels': 1, 'kernel': 1, 'stride': 0"),
	  "$.layers[0].stride: must be an integer from 1 to 65536, got 0" },
	{ LAYER("conv", ", 'out_channels': 1, 'kernel': 1, 'pad': -1"),
	  "$.layers[0].pad: must be an integer from 0 to 65536, got -1" },
	{ LAYER("conv", ", 'out_channels': 1, 'kernel': 1, 'dilation': 0"),
	  "$.layers[0].dilation: must be an integer from 1 to 65536, got 0" },
	{ LAYER("conv", ", 'out_channels': 1, 'kernel': 1, 'groups': 0"),
	  "$.layers[0].groups: must be an integer from 1 to 1048576, got 0" },
	{ LAYER("max_pool", ", 'kernel': 2, 'ceil': 1"),
	  "$.layers[0].ceil: must be true or false, got 1" },
	{ LAYER("relu", ", 'kernel': 2"), "$.layers[0].kernel: " UNKNOWN },
	{ LAYER("conv", ", 'out_channels': 1, 'kernel': 1, 'ceil': true"),
	  "$.layers[0].ceil: " UNKNOWN ", \"out_channels\", \"kernel\", \"stride\", \"pad\", "
	  "\"dilation\", \"groups\"" },
	{ LAYER("transposed_conv", ", 'out_channels': 1, 'kernel': 1, 'dilation': 1"),
	  "$.layers[0].dilation: " UNKNOWN ", \"out_channels\", \"kernel\", \"stride\", \"pad\", "
	  "\"groups\"" },
	{ LAYER("matmul", ", 'out_channels': 1, 'kernel': 1"),
	  "$.layers[0].kernel: " UNKNOWN ", \"out_channels\"" },
	{ LAYER("max_pool", ", 'kernel': 1, 'groups': 1"),
	  "$.layers[0].groups: " UNKNOWN ", \"kernel\", \"stride\", \"pad\", \"ceil\"" },
	{ CONV ", " CONV, "$.layers[1].name: must differ from the names of all other layers and "
	                  "inputs, got \"c\"" },
	{ "{'name': 'x', 'op': 'relu', 'inputs': ['x']}",
	  "$.layers[0].name: must differ from the names of all other layers and inputs, got "
	  "\"x\"" },
	{ NEXT("relu", "'d'"), "$.layers[1].inputs[0]: must name a network input or a layer above "
	                       "this one, got \"d\"" },
	{ CONV ", {'name': 'a', 'op': 'lrn', 'inputs': ['c'], 'size': 0}",
	  "$.layers[1].size: must be an integer from 1 to 1048576, got 0" },
	{ CONV ", {'name': 'a', 'op': 'norm', 'inputs': ['c'], 'size': 5}",
	  "$.layers[1].size: unknown key; allowed here: \"name\", \"op\", \"inputs\"" },
	{ NEXT("relu", "'a'"), "$.layers[1].inputs[0]: must name a network input or a layer above "
	                       "this one, got \"a\", which is not above" },
	{ "{'name': 'a', 'op': 'relu', 'inputs': ['c']}, " CONV,
	  "$.layers[0].inputs[0]: must name a network input or a layer above this one, got \"c\", "
	  "which is not above" },
	{ NEXT("relu", "7"), "$.layers[1].inputs[0]: must be a string, got 7" },
	{ NEXT("relu", ""), "$.layers[1].inputs: must name one operand for activation, got 0" },
	{ NEXT("softmax", "'c', 'x'"),
	  "$.layers[1].inputs: must name one operand for softmax, got 2" },
	{ NEXT("add", "'c'"), "$.layers[1].inputs: must name two or more operands for add, got 1" },
	{ NEXT("concat", "'c'"),
	  "$.layers[1].inputs: must name two or more operands for concat, got 1" },
};

START_TEST(refuses_what_a_layer_may_not_say)
{
	const struct layer_case *c = &layer_cases[_i];
	g_autofree char *text = network_text(IMAGE, c->layers);
	g_autofree char *message = c->message != NULL
	                                   ? g_strconcat("net.json: ", c->message, NULL)
	                                   : g_strconcat("net.json: $.layers[0].op: ", op_list,
	                                                 NULL);

	assert_refused(text, NULL, message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("read");
	TCase *all = tcase_create("read");

	tcase_add_test(all, reads_every_field);
	tcase_add_test(all, omitted_attributes_are_those_of_the_network_formats);
	tcase_add_test(all, every_operation_has_its_name);
	tcase_add_test(all, overrides_replace_scalars);
	tcase_add_test(all, overrides_are_checked_like_the_file);
	tcase_add_test(all, presets_are_found_by_name_and_files_by_path);
	tcase_add_test(all, missing_files_and_presets_are_errors);
	tcase_add_test(all, errors_may_be_ignored);
	tcase_add_loop_test(all, refuses_what_the_root_may_not_say, 0,
	                    (int)G_N_ELEMENTS(root_cases));
	tcase_add_loop_test(all, refuses_what_a_layer_may_not_say, 0,
	                    (int)G_N_ELEMENTS(layer_cases));
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
