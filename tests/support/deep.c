#include "tests/support/deep.h"

#include "tests/support/made.h"

#define BLOCK 5 /* nodes */

static void add_dense(GString *text, unsigned node, const char *input, unsigned channels)
{
	g_string_append_printf(text,
	                       "%s{\"name\": \"n%u\", \"op\": \"conv\", \"inputs\": [\"%s\"], "
	                       "\"out_channels\": %u, \"kernel\": 1}",
	                       node ? ", " : "", node, input, channels);
}

/* The residual add behind a node; its name becomes the block's trunk. */
static void add_residual(GString *text, unsigned node, char **trunk)
{
	g_autofree char *other = *trunk;
	*trunk = g_strdup_printf("r%u", node);
	g_string_append_printf(text,
	                       ", {\"name\": \"%s\", \"op\": \"add\", "
	                       "\"inputs\": [\"n%u\", \"%s\"]}",
	                       *trunk, node, other);
}

char *deep_text(unsigned nodes, unsigned features, unsigned tokens)
{
	static const struct {
		unsigned widths; /* of the features */
		bool from_trunk, residual;
	} block[BLOCK] = {
		{ 3, true, false }, { 1, false, false }, { 1, false, true },
		{ 4, true, false }, { 1, false, true },
	};
	g_autofree char *trunk = g_strdup("n0");
	g_autoptr(GString) text = g_string_new(NULL);
	add_dense(text, 0, "in", features);
	for (unsigned n = 1; n < nodes; n++) {
		unsigned step = (n - 1) % BLOCK;
		g_autofree char *before = g_strdup_printf("n%u", n - 1);
		add_dense(text, n, block[step].from_trunk ? trunk : before,
		          features * block[step].widths);
		if (block[step].residual)
			add_residual(text, n, &trunk);
	}
	g_autofree char *name = g_strdup_printf("deep%u", nodes);
	return made_workload_text((struct made_workload){ .name = name,
	                                                  .channels = features,
	                                                  .rows = tokens,
	                                                  .columns = 1,
	                                                  .layers = text->str });
}

struct wl_workload *deep_network(unsigned nodes, unsigned features, unsigned tokens)
{
	GError *error = NULL;
	g_autofree char *text = deep_text(nodes, features, tokens);
	struct wl_workload *workload = wl_workload_parse(text, "deep.json", NULL, &error);
	if (!workload)
		g_error("%s", error->message);
	return workload;
}
