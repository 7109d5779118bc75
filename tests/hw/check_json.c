#include "hw/base/json.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct hw_json_file *parsed(const char *text)
{
	GError *error = NULL;
	struct hw_json_file *file = hw_json_parse(text, "f.json", &error);

	ck_assert_msg(file != NULL, "%s", error != NULL ? error->message : "no message");
	return file;
}

static void assert_message(GError *error, const char *expected)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error->message, expected);
	g_error_free(error);
}

/* Reading */

START_TEST(values_come_back_as_written)
{
	struct hw_json_file *file = parsed("{\"a\": 0.125, \"b\": [7, true], \"c\": \"x\"}");
	struct hw_json root = hw_json_root(file);
	GError *error = NULL;

	ck_assert_double_eq(hw_json_positive(hw_json_get(root, "a", &error), &error), 0.125);
	struct hw_json list = hw_json_get(root, "b", &error);
	ck_assert_uint_eq(hw_json_size(list), 2);
	ck_assert_uint_eq(hw_json_integer(hw_json_at(list, 0), 0, 9, &error), 7);
	ck_assert(hw_json_bool(hw_json_at(list, 1), &error));
	ck_assert_str_eq(hw_json_string(hw_json_get(root, "c", &error), &error), "x");
	ck_assert(hw_json_has(root, "c"));
	ck_assert(!hw_json_has(root, "C"));
	ck_assert_ptr_null(error);
	hw_json_close(file);
}
END_TEST

START_TEST(paths_lead_to_the_node)
{
	struct hw_json_file *file = parsed("{\"a\": {\"b\": [0, {\"c\": 1}]}}");
	struct hw_json a = hw_json_get(hw_json_root(file), "a", NULL);
	struct hw_json c = hw_json_get(hw_json_at(hw_json_get(a, "b", NULL), 1), "c", NULL);

	ck_assert_str_eq(c.path, "$.a.b[1].c");
	hw_json_close(file);
}
END_TEST

START_TEST(members_come_in_file_order_with_their_keys)
{
	struct hw_json_file *file = parsed("{\"z\": 1, \"a\": 2}");
	struct hw_json root = hw_json_root(file);

	ck_assert_uint_eq(hw_json_size(root), 2);
	ck_assert_str_eq(hw_json_key(hw_json_at(root, 0)), "z");
	ck_assert_str_eq(hw_json_key(hw_json_at(root, 1)), "a");
	ck_assert_str_eq(hw_json_at(root, 1).path, "$.a");
	ck_assert_ptr_null(hw_json_at(root, 2).item);
	ck_assert_ptr_null(hw_json_key(root));
	hw_json_close(file);
}
END_TEST

/* Lists around the length from which on they are looked up, and one of 100,000: asked for from
 * the back, which takes minutes where each element is counted from the first. */
START_TEST(elements_of_lists_of_any_length)
{
	static const unsigned lengths[] = { 0, 1, 15, 16, 17, 100000 };
	const unsigned length = lengths[_i];
	GString *list = g_string_new("{\"list\": ["), *members = g_string_new(NULL);
	for (unsigned i = 0; i < length; i++) {
		g_string_append_printf(list, "%s%u", i > 0 ? ", " : "", 3 * i);
		g_string_append_printf(members, ", \"k%u\": %u", i, 5 * i);
	}
	g_string_append_printf(list, "]%s}", members->str);
	struct hw_json_file *file = parsed(list->str);
	struct hw_json root = hw_json_root(file), at = hw_json_get(root, "list", NULL);
	GError *error = NULL;

	ck_assert_uint_eq(hw_json_size(at), length);
	ck_assert_uint_eq(hw_json_size(root), length + 1);
	for (unsigned i = length; i-- > 0;) {
		struct hw_json member = hw_json_at(root, i + 1);
		g_autofree char *key = g_strdup_printf("k%u", i);
		ck_assert_uint_eq(hw_json_integer(hw_json_at(at, i), 0, 1000000, &error), 3 * i);
		ck_assert_uint_eq(hw_json_integer(member, 0, 1000000, &error), 5 * i);
		ck_assert_str_eq(hw_json_key(member), key);
	}
	ck_assert_ptr_null(hw_json_at(at, length).item);
	ck_assert_ptr_null(hw_json_at(root, length + 1).item);
	ck_assert_ptr_null(error);
	hw_json_close(file);
	g_string_free(list, TRUE);
	g_string_free(members, TRUE);
}
END_TEST

START_TEST(the_largest_exact_integer_is_allowed)
{
	struct hw_json_file *file = parsed("[9007199254740992, 0]");
	struct hw_json root = hw_json_root(file);
	GError *error = NULL;

	ck_assert_uint_eq(hw_json_integer(hw_json_at(root, 0), 0, UINT64_MAX, &error),
	                  UINT64_C(9007199254740992));
	ck_assert_uint_eq(hw_json_integer(hw_json_at(root, 1), 0, 0, &error), 0);
	ck_assert_double_eq(hw_json_non_negative(hw_json_at(root, 1), &error), 0);
	ck_assert_ptr_null(error);
	hw_json_close(file);
}
END_TEST

START_TEST(choice_returns_the_index)
{
	static const char *const names[] = { "mesh", "torus", NULL };
	struct hw_json_file *file = parsed("\"torus\"");
	GError *error = NULL;

	ck_assert_uint_eq(hw_json_choice(hw_json_root(file), names, &error), 1);
	ck_assert_ptr_null(error);
	hw_json_close(file);
}
END_TEST

/* Syntax */

static const struct {
	const char *text, *message;
} syntax_cases[] = {
	{ "", "f.json:1:1: JSON syntax error at the end of the text" },
	{ "{\n \"a\": 1,\n}", "f.json:3:1: JSON syntax error at: }" },
	{ "{\"a\" 1}", "f.json:1:6: JSON syntax error at: 1}" },
	{ "{x: 1}", "f.json:1:2: JSON syntax error at: x: 1}" },
	{ "{\"a\": 1, 'b': 2}", "f.json:1:10: JSON syntax error at: 'b': 2}" },
	{ "{\"a\": {}} x", "f.json:1:11: JSON syntax error at: x" },
	{ "{}x", "f.json:1:3: JSON syntax error at: x" },
	{ "[1, 2\"x\"]", "f.json:1:6: JSON syntax error at: \"x\"]" },
	{ "{\"a\": 1", "f.json:1:8: JSON syntax error at the end of the text" },
	{ "[1, nan]", "f.json:1:5: JSON syntax error at: nan]" },
	{ "[1, inf]", "f.json:1:5: JSON syntax error at: inf]" },
	{ "[-inf]", "f.json:1:2: JSON syntax error at: -inf]" },
	{ "{} x", "f.json:1:4: JSON syntax error at: x" },
	{ "[\"\xc3\xa4\", x]", "f.json:1:7: JSON syntax error at: x]" },
	{ "[\"a\",\n\"\xff\"]", "f.json:2:2: JSON syntax error at: \xef\xbf\xbd\"]" },
	{ "{\"a\": 1, \"a\": 1}", "f.json: $.a: key appears twice in its object" },
	{ "{\"b\": [{}, {\"a\": 1, \"c\": 2, \"a\": 1}]}",
	  "f.json: $.b[1].a: key appears twice in its object" },
};

START_TEST(bad_syntax_is_located)
{
	GError *error = NULL;

	ck_assert_ptr_null(hw_json_parse(syntax_cases[_i].text, "f.json", &error));
	assert_message(error, syntax_cases[_i].message);
}
END_TEST

START_TEST(the_same_key_in_two_objects_is_no_duplicate)
{
	hw_json_close(parsed("{\"a\": {\"a\": 1}, \"b\": [{\"a\": 1}, {\"a\": 1}], \"A\": 1}"));
}
END_TEST

/* Value errors: getter applied to the member "v". */

enum getter {
	POSITIVE,
	NON_NEGATIVE,
	INTEGER,
	BOOL,
	STRING,
	CHOICE,
	ONE,
	OBJECT,
	ARRAY,
	KEYS,
	GET
};

static const struct {
	enum getter getter;
	const char *value, *message;
} value_cases[] = {
	{ POSITIVE, "-1", "$.v: must be > 0, got -1" },
	{ POSITIVE, "0", "$.v: must be > 0, got 0" },
	{ POSITIVE, "-0.1", "$.v: must be > 0, got -0.1" },
	{ POSITIVE, "1e999", "$.v: must be a finite number, got inf" },
	{ POSITIVE, "-1e999", "$.v: must be a finite number, got -inf" },
	{ POSITIVE, "\"4\"", "$.v: must be a number > 0, got \"4\"" },
	{ POSITIVE, "null", "$.v: must be a number > 0, got null" },
	{ NON_NEGATIVE, "-1e-9", "$.v: must be >= 0, got -1e-09" },
	{ NON_NEGATIVE, "[]", "$.v: must be a number >= 0, got an array" },
	{ NON_NEGATIVE, "1e999", "$.v: must be a finite number, got inf" },
	{ INTEGER, "2.5", "$.v: must be an integer from 2 to 8, got 2.5" },
	{ INTEGER, "1", "$.v: must be an integer from 2 to 8, got 1" },
	{ INTEGER, "9", "$.v: must be an integer from 2 to 8, got 9" },
	{ INTEGER, "-3", "$.v: must be an integer from 2 to 8, got -3" },
	{ INTEGER, "1e999", "$.v: must be an integer from 2 to 8, got inf" },
	{ INTEGER, "true", "$.v: must be an integer from 2 to 8, got true" },
	{ BOOL, "0", "$.v: must be true or false, got 0" },
	{ STRING, "{}", "$.v: must be a string, got an object" },
	{ CHOICE, "\"ring\"", "$.v: must be one of \"mesh\", \"torus\", got \"ring\"" },
	{ CHOICE, "1", "$.v: must be one of \"mesh\", \"torus\", got 1" },
	{ ONE, "\"x/2\"", "$.v: must be \"x/1\", got \"x/2\"" },
	{ OBJECT, "[1]", "$.v: must be an object, got an array" },
	{ ARRAY, "false", "$.v: must be an array, got false" },
	{ KEYS, "{\"a\": 1, \"z\": 2}", "$.v.z: unknown key; allowed here: \"a\", \"b\"" },
	{ KEYS, "3", "$.v: must be an object, got 3" },
	{ GET, "{\"b\": 1}", "$.v: key \"a\" is missing" },
	{ GET, "3", "$.v: must be an object, got 3" },
};

static void apply(enum getter getter, struct hw_json node, GError **error)
{
	static const char *const names[] = { "mesh", "torus", NULL };
	static const char *const one[] = { "x/1", NULL };
	static const char *const keys[] = { "a", "b", NULL };

	switch (getter) {
	case POSITIVE:
		ck_assert_double_eq(hw_json_positive(node, error), 0);
		break;
	case NON_NEGATIVE:
		ck_assert_double_eq(hw_json_non_negative(node, error), 0);
		break;
	case INTEGER:
		ck_assert_uint_eq(hw_json_integer(node, 2, 8, error), 0);
		break;
	case BOOL:
		ck_assert(!hw_json_bool(node, error));
		break;
	case STRING:
		ck_assert_ptr_null(hw_json_string(node, error));
		break;
	case CHOICE:
		ck_assert_uint_eq(hw_json_choice(node, names, error), 0);
		break;
	case ONE:
		ck_assert_uint_eq(hw_json_choice(node, one, error), 0);
		break;
	case OBJECT:
		ck_assert(!hw_json_is_object(node, error));
		break;
	case ARRAY:
		ck_assert(!hw_json_is_array(node, error));
		break;
	case KEYS:
		ck_assert(!hw_json_keys(node, keys, error));
		break;
	case GET:
		ck_assert_ptr_null(hw_json_get(node, "a", error).item);
		break;
	}
}

START_TEST(a_bad_value_is_explained)
{
	g_autofree char *text = g_strdup_printf("{\"v\": %s}", value_cases[_i].value);
	g_autofree char *expected = g_strconcat("f.json: ", value_cases[_i].message, NULL);
	struct hw_json_file *file = parsed(text);
	GError *error = NULL;

	apply(value_cases[_i].getter, hw_json_get(hw_json_root(file), "v", NULL), &error);
	hw_json_close(file);
	assert_message(error, expected);
}
END_TEST

START_TEST(integers_beyond_doubles_are_refused)
{
	struct hw_json_file *file = parsed("18014398509481984");
	GError *error = NULL;

	hw_json_integer(hw_json_root(file), 1, UINT64_MAX, &error);
	hw_json_close(file);
	assert_message(error, "f.json: $: must be an integer from 1 to 9007199254740992, "
	                      "got 18014398509481984");
}
END_TEST

START_TEST(the_first_error_wins)
{
	struct hw_json_file *file = parsed("{\"a\": -1, \"b\": -2}");
	struct hw_json root = hw_json_root(file);
	GError *error = NULL;

	hw_json_positive(hw_json_get(root, "a", &error), &error);
	hw_json_positive(hw_json_get(root, "b", &error), &error);
	ck_assert_double_eq(hw_json_positive(hw_json_get(root, "c", &error), &error), 0);
	hw_json_fail(root, &error, "something else");
	hw_json_close(file);
	assert_message(error, "f.json: $.a: must be > 0, got -1");
}
END_TEST

START_TEST(an_empty_node_stays_silent)
{
	struct hw_json_file *file = parsed("{}");
	struct hw_json gone = hw_json_get(hw_json_root(file), "a", NULL);
	GError *error = NULL;

	for (int getter = POSITIVE; getter <= GET; getter++)
		apply((enum getter)getter, gone, &error);
	ck_assert_uint_eq(hw_json_size(gone), 0);
	ck_assert(!hw_json_has(gone, "a"));
	ck_assert_ptr_null(error);
	hw_json_close(file);
}
END_TEST

/* Overrides */

static const char OVERRIDDEN[] = "{\"g\": {\"columns\": 4, \"torus\": false}, \"n\": \"abc\","
				 " \"d\": [{\"GBps\": 1.5, \"at\": [0, 1]}], \"z\": null}";

START_TEST(overrides_replace_scalars)
{
	struct hw_json_file *file = parsed(OVERRIDDEN);
	struct hw_json root = hw_json_root(file);
	GError *error = NULL;

	ck_assert(hw_json_override(file, "g.columns=16", &error));
	ck_assert(hw_json_override(file, "$.g.torus=true", &error));
	ck_assert(hw_json_override(file, "n=a longer name with = in it", &error));
	ck_assert(hw_json_override(file, "d[0].GBps=2.5e1", &error));
	ck_assert(hw_json_override(file, "d[0].at[1]=3", &error));
	ck_assert_ptr_null(error);
	struct hw_json g = hw_json_get(root, "g", &error);
	struct hw_json d = hw_json_at(hw_json_get(root, "d", &error), 0);
	ck_assert_uint_eq(hw_json_integer(hw_json_get(g, "columns", &error), 0, 99, &error), 16);
	ck_assert(hw_json_bool(hw_json_get(g, "torus", &error), &error));
	ck_assert_str_eq(hw_json_string(hw_json_get(root, "n", &error), &error),
	                 "a longer name with = in it");
	ck_assert_double_eq(hw_json_positive(hw_json_get(d, "GBps", &error), &error), 25);
	struct hw_json at = hw_json_get(d, "at", &error);
	ck_assert_uint_eq(hw_json_integer(hw_json_at(at, 0), 0, 9, &error), 0);
	ck_assert_uint_eq(hw_json_integer(hw_json_at(at, 1), 0, 9, &error), 3);
	ck_assert_ptr_null(error);
	hw_json_close(file);
}
END_TEST

static const struct {
	const char *assignment, *message;
} override_cases[] = {
	{ "g.columns", "must be PATH=VALUE" },
	{ "g.colums=3", "no \"g.colums\" in the file; $.g: it has \"columns\", \"torus\"" },
	{ "columns=3", "no \"columns\" in the file; $: it has \"g\", \"n\", \"d\", \"z\"" },
	{ "d[1].GBps=3", "no \"d[1]\" in the file; $.d: it has 1 elements" },
	{ "d.GBps=3", "no \"d.GBps\" in the file; $.d: it has 1 elements" },
	{ "n.x=3", "no \"n.x\" in the file; $.n: it has no members" },
	{ "g..columns=3", "a path looks like \"grid.columns\" or \"dram.channels[0].GBps\"" },
	{ "=3", "a path looks like \"grid.columns\" or \"dram.channels[0].GBps\"" },
	{ "d[-1]=3", "a path looks like \"grid.columns\" or \"dram.channels[0].GBps\"" },
	{ "d[0=3", "a path looks like \"grid.columns\" or \"dram.channels[0].GBps\"" },
	{ "d[0]GBps=3", "a path looks like \"grid.columns\" or \"dram.channels[0].GBps\"" },
	{ "g.columns=four", "g.columns is a number, got \"four\"" },
	{ "g.columns=", "g.columns is a number, got \"\"" },
	{ "g.columns=4x", "g.columns is a number, got \"4x\"" },
	{ "g.columns=4-5", "g.columns is a number, got \"4-5\"" },
	{ "g.columns= 4", "g.columns is a number, got \" 4\"" },
	{ "g.columns=0x10", "g.columns is a number, got \"0x10\"" },
	{ "g.columns=inf", "g.columns is a number, got \"inf\"" },
	{ "g.columns=nan", "g.columns is a number, got \"nan\"" },
	{ "g.columns=1e999", "g.columns is a number, got \"1e999\"" },
	{ "g.columns=true", "g.columns is a number, got \"true\"" },
	{ "g.torus=1", "g.torus is true or false, got \"1\"" },
	{ "g=1", "g is not a single value; name a value inside it" },
	{ "d=1", "d is not a single value; name a value inside it" },
	{ "z=1", "z is not a single value; it is null" },
	{ "n=\xff", "n is a string, the value is not valid UTF-8" },
};

START_TEST(a_bad_override_names_the_assignment)
{
	const char *assignment = override_cases[_i].assignment;
	g_autofree char *expected = g_strdup_printf("f.json: cannot set \"%s\": %s", assignment,
	                                            override_cases[_i].message);
	struct hw_json_file *file = parsed(OVERRIDDEN);
	g_autofree char *before = cJSON_PrintUnformatted(file->root);
	GError *error = NULL;

	ck_assert(!hw_json_override(file, assignment, &error));
	g_autofree char *after = cJSON_PrintUnformatted(file->root);
	ck_assert_str_eq(before, after);
	hw_json_close(file);
	assert_message(error, expected);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hw/json");
	TCase *reading = tcase_create("reading");
	TCase *errors = tcase_create("errors");

	tcase_add_test(reading, values_come_back_as_written);
	tcase_add_test(reading, paths_lead_to_the_node);
	tcase_add_test(reading, members_come_in_file_order_with_their_keys);
	tcase_add_loop_test(reading, elements_of_lists_of_any_length, 0, 6);
	tcase_add_test(reading, the_largest_exact_integer_is_allowed);
	tcase_add_test(reading, choice_returns_the_index);
	tcase_add_test(reading, the_same_key_in_two_objects_is_no_duplicate);
	tcase_add_test(reading, overrides_replace_scalars);
	tcase_add_loop_test(errors, bad_syntax_is_located, 0, (int)G_N_ELEMENTS(syntax_cases));
	tcase_add_loop_test(errors, a_bad_value_is_explained, 0, (int)G_N_ELEMENTS(value_cases));
	tcase_add_loop_test(errors, a_bad_override_names_the_assignment, 0,
	                    (int)G_N_ELEMENTS(override_cases));
	tcase_add_test(errors, integers_beyond_doubles_are_refused);
	tcase_add_test(errors, the_first_error_wins);
	tcase_add_test(errors, an_empty_node_stays_silent);
	suite_add_tcase(s, reading);
	suite_add_tcase(s, errors);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
