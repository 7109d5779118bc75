/* mcmsim show: what a package, a workload or a mapping is. */
#include <string.h>

#include "hw/base/json.h"
#include "tools/report/show.h"

enum kind { PACKAGE, WORKLOAD, MAPPING, KINDS };

static const char *const kind_names[KINDS] = { "package", "workload", "mapping" };

static bool find_kind(const char *word, enum kind *kind, GError **error)
{
	for (unsigned i = 0; i < KINDS; i++)
		if (strcmp(word, kind_names[i]) == 0) {
			*kind = (enum kind)i;
			return true;
		}
	g_set_error(error, TOOL_ERROR, TOOL_USAGE,
	            "show: must be one of package, workload, mapping, got \"%s\"", word);
	return false;
}

/* --package and --workload say what a mapping is for; the others are shown by themselves. */
static bool check_subject(const struct options *options, enum kind kind, GError **error)
{
	const char *const given[] = { options->package, options->workload };
	for (unsigned i = 0; i < G_N_ELEMENTS(given); i++) {
		if ((kind == MAPPING) == (given[i] != NULL))
			continue;
		if (kind != MAPPING) {
			g_set_error(error, TOOL_ERROR, TOOL_USAGE,
			            "show %s: does not take --%s, only show mapping does",
			            kind_names[kind], kind_names[i]);
			return false;
		}
		g_autofree char *presets = hw_preset_names(i ? WORKLOAD_PRESETS : PACKAGE_PRESETS);
		g_set_error(error, TOOL_ERROR, TOOL_USAGE,
		            "show mapping: --%s is missing, the mapping is for one; presets: %s",
		            kind_names[i], presets);
		return false;
	}
	return true;
}

static char *show_file(enum kind kind, const struct options *options, const char *file,
                       GError **error)
{
	struct subject subject;
	char *text = NULL;
	if (!subject_load(&subject, kind == PACKAGE ? file : options->package,
	                  kind == WORKLOAD ? file : options->workload, options->set, error))
		return NULL;
	if (kind == PACKAGE) {
		text = options->json ? show_package_json(subject.package)
		                     : show_package(subject.package, options->width);
	} else if (kind == WORKLOAD) {
		text = options->json ? show_workload_json(subject.workload)
		                     : show_workload(subject.workload, options->width);
	} else {
		struct map_mapping *mapping = map_read(file, subject.workload, subject.package,
		                                       error);
		if (mapping)
			text = options->json ? show_mapping_json(&subject, mapping)
			                     : show_mapping(&subject, mapping, options->width);
		map_free(mapping);
	}
	subject_release(&subject);
	return text;
}

static enum tool_status show_main(const struct options *options, GString *out, GError **error)
{
	enum kind kind = PACKAGE;
	if (!find_kind(options->arguments[0], &kind, error) || !check_subject(options, kind, error))
		return TOOL_USAGE;
	g_autofree char *text = show_file(kind, options, options->arguments[1], error);
	if (!text)
		return TOOL_USAGE;
	g_string_append(out, text);
	return TOOL_OK;
}

const struct command show_command = {
	.name = "show",
	.summary = "print a package, a workload or a mapping",
	.usage = "package|workload|mapping FILE-OR-PRESET [OPTION...]",
	.about =
		"Prints what there is to know about one thing: a package with a drawing of its "
		"grid\n"
		"and its totals; a workload with its nodes, shapes, MACs and weights; a mapping "
		"with\n"
		"the clusters of each segment, their nodes and buffer use, and a drawing of where\n"
		"they are. A mapping needs --package and --workload, which say what it is for.\n",
	.examples = "  mcmsim show package simba-6x6\n"
		    "  mcmsim show package mcm-64 --set nop.topology=torus\n"
		    "  mcmsim show workload resnet50 --json\n"
		    "  mcmsim show mapping results/mapping.json --package simba-6x6 --workload "
		    "alexnet\n",
	.options = OPTION_PACKAGE | OPTION_WORKLOAD | OPTION_SET | OPTION_JSON | OPTION_QUIET,
	.argument_count = 2,
	.run = show_main,
};
