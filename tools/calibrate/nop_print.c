/* What mcmsim nop prints of one list. */
#include "tools/calibrate/nop.h"

#include "hw/resources.h"
#include "tools/report/bottleneck.h"
#include "tools/text/json_writer.h"
#include "tools/text/printable.h"
#include "tools/report/results.h"
#include "tools/text/table.h"
#include "tools/text/wrap.h"

char *nop_busiest(const struct hw_package *package, const struct sim_replay_part *part)
{
	return part->bound_ns > 0 ? hw_resource_name(package, part->busiest) : NULL;
}

static void add_part(struct table *table, const struct hw_package *package, const char *name,
                     const struct sim_replay_part *part)
{
	g_autofree char *busiest = nop_busiest(package, part);
	table_add(table, "%s", name);
	table_add(table, "%u", part->messages);
	table_add(table, "%.0f", part->bytes);
	table_add(table, "%.1f", part->completion_ns);
	table_add(table, "%.1f", part->bound_ns);
	table_add_digits(table, part->latency_ns);
	table_add(table, "%s", busiest ? busiest : "-");
}

static void append_tags(const struct hw_package *package, const struct sim_messages *messages,
                        const struct sim_replay *replay, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "tag", "", TABLE_LEFT },      { "messages", "", TABLE_RIGHT },
		{ "bytes", "", TABLE_RIGHT },   { "completion", "ns", TABLE_RIGHT },
		{ "bound", "ns", TABLE_RIGHT }, { "latency", "ns", TABLE_RIGHT },
		{ "busiest", "", TABLE_TEXT },
	};
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	for (guint t = 0; t < messages->tags->len; t++)
		add_part(&table, package, messages->tags->pdata[t], &replay->tags[t]);
	if (messages->tags->len > 1)
		add_part(&table, package, "all", &replay->all);
	table_finish(&table, out);
}

static void append_messages(const struct hw_package *package, const struct sim_messages *messages,
                            const struct sim_replay *replay, unsigned width, GString *out)
{
	static const struct table_column columns[] = {
		{ "row", "", TABLE_RIGHT },       { "src", "x,y", TABLE_RIGHT },
		{ "dst", "x,y", TABLE_RIGHT },    { "bytes", "", TABLE_RIGHT },
		{ "tag", "", TABLE_LEFT },        { "starts", "ns", TABLE_RIGHT },
		{ "arrived", "ns", TABLE_RIGHT },
	};
	struct table table;
	table_init(&table, columns, G_N_ELEMENTS(columns));
	table.width = width;
	for (uint32_t m = 0; m < messages->count; m++) {
		const struct sim_message *message = &messages->at[m];
		const unsigned ends[] = { message->src, message->dst };
		table_add(&table, "%u", m);
		for (unsigned e = 0; e < G_N_ELEMENTS(ends); e++)
			table_add(&table, "%u,%u", ends[e] % package->columns,
			          ends[e] / package->columns);
		table_add(&table, "%.0f", message->bytes);
		table_add(&table, "%s", (char *)messages->tags->pdata[message->tag]);
		table_add(&table, "%.1f", replay->start_ns[m]);
		table_add(&table, "%.1f", replay->end_ns[m]);
	}
	table_finish(&table, out);
}

char *nop_text(const struct hw_package *package, const struct sim_messages *messages,
               const struct sim_replay *replay, bool each, unsigned width)
{
	GString *out = g_string_new(NULL);
	g_autofree char *name = printable(package->name);
	wrap_printf(out, width, 2,
	            "completion %.1f ns: %u messages in %u phases on %s, %u x %u\n\n",
	            replay->all.completion_ns, messages->count, replay->phases, name,
	            package->columns, package->rows);
	append_tags(package, messages, replay, width, out);
	wrap_text(out, width, 1,
	          "(bound: bytes / bandwidth of the busiest link or port; latency: the "
	          "longest of any message)\n");
	if (each) {
		g_string_append_c(out, '\n');
		append_messages(package, messages, replay, width, out);
		wrap_text(
			out, width, 1,
			"(all bytes of a phase move together: real networks send some messages of "
			"it early and some late)\n");
	}
	return g_string_free(out, FALSE);
}

static void write_messages(struct json_writer *w, const struct sim_messages *messages,
                           const struct sim_replay *replay)
{
	json_begin_array(w, "messages", JSON_LINES);
	for (uint32_t m = 0; m < messages->count; m++) {
		const struct sim_message *message = &messages->at[m];
		json_begin_object(w, NULL, JSON_ONE_LINE);
		json_integer(w, "src", message->src);
		json_integer(w, "dst", message->dst);
		json_number(w, "bytes", message->bytes);
		json_string(w, "tag", messages->tags->pdata[message->tag]);
		json_number(w, "start_ns", replay->start_ns[m]);
		json_number(w, "end_ns", replay->end_ns[m]);
		json_end_object(w);
	}
	json_end_array(w);
}

char *nop_json(const struct hw_package *package, const struct sim_messages *messages,
               const struct sim_replay *replay, bool each, const struct made_by *made_by)
{
	struct json_writer w;
	g_autofree char *busiest = nop_busiest(package, &replay->all);
	json_start(&w);
	json_begin_object(&w, NULL, JSON_LINES);
	made_by_write(&w, made_by);
	json_number(&w, "completion_ns", replay->all.completion_ns);
	json_begin_object(&w, "tags", JSON_ONE_LINE);
	for (guint t = 0; t < messages->tags->len; t++)
		json_number(&w, messages->tags->pdata[t], replay->tags[t].completion_ns);
	json_end_object(&w);
	json_number(&w, "bound_ns", replay->all.bound_ns);
	json_string(&w, "busiest", busiest);
	json_number(&w, "latency_ns", replay->all.latency_ns);
	json_integer(&w, "message_count", messages->count);
	json_integer(&w, "phases", replay->phases);
	if (each)
		write_messages(&w, messages, replay);
	json_end_object(&w);
	return json_finish(&w);
}
