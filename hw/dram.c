/*
 * Invariant: a value that a channel states itself is never replaced by its device's.
 */
#include "hw/dram.h"

static const char *const RATES[] = { "GBps",       "latency_ns",    "energy_pJ_per_bit",
	                             "efficiency", "turnaround_ns", "write_batch_bytes" };

void hw_dram_read_rates(struct hw_json node, struct hw_dram_channel *channel, GError **error)
{
	channel->GBps = hw_json_positive(hw_json_get(node, "GBps", error), error);
	channel->latency_ns = hw_json_non_negative(hw_json_get(node, "latency_ns", error), error);
	channel->energy_pJ_per_bit = hw_json_non_negative(
		hw_json_get(node, "energy_pJ_per_bit", error), error);

	channel->efficiency = 1;
	if (hw_json_has(node, "efficiency")) {
		struct hw_json efficiency = hw_json_get(node, "efficiency", error);
		channel->efficiency = hw_json_positive(efficiency, error);
		if (channel->efficiency > 1)
			hw_json_fail(efficiency, error, "must be a share > 0 and <= 1, got %g",
			             channel->efficiency);
	}
	if (hw_json_has(node, "turnaround_ns"))
		channel->turnaround_ns = hw_json_non_negative(
			hw_json_get(node, "turnaround_ns", error), error);
	/* Without it a switch would have no price per byte. */
	if (channel->turnaround_ns > 0 || hw_json_has(node, "write_batch_bytes"))
		channel->write_batch_bytes = hw_json_positive(
			hw_json_get(node, "write_batch_bytes", error), error);
}

/* Everything must be there: a device is for those who do not want to rely on defaults. */
static void check_device(struct hw_json root, GError **error)
{
	static const char *const formats[] = { "mcmsim-dram/1", NULL };
	struct hw_dram_channel rates = { 0 };

	if (!hw_json_is_object(root, error))
		return;
	hw_json_choice(hw_json_get(root, "format", error), formats, error);
	hw_json_keys(root,
	             (const char *const[]){ "format", "name", "GBps", "latency_ns",
	                                    "energy_pJ_per_bit", "efficiency", "turnaround_ns",
	                                    "write_batch_bytes", "source", NULL },
	             error);
	hw_json_string(hw_json_get(root, "name", error), error);
	for (unsigned i = 0; i < G_N_ELEMENTS(RATES); i++)
		hw_json_get(root, RATES[i], error);
	hw_dram_read_rates(root, &rates, error);
}

static struct hw_json_file *open_device(struct hw_json name, const char *dir, GError **error)
{
	const char *text = hw_json_string(name, error);
	g_autoptr(GError) cause = NULL;

	if (text == NULL)
		return NULL;
	g_autofree char *path = hw_json_locate(text, dir != NULL ? dir : ".", "DRAM device",
	                                       &cause);
	if (path == NULL) {
		hw_json_fail(name, error, "%s", cause->message);
		return NULL;
	}
	struct hw_json_file *device = hw_json_open(path, error);
	if (device == NULL)
		return NULL;
	check_device(hw_json_root(device), error);
	if (*error == NULL)
		return device;
	hw_json_close(device);
	return NULL;
}

static void fill_in_channel(struct hw_json node, cJSON *channel, const char *dir, GError **error)
{
	struct hw_json_file *device = open_device(hw_json_get(node, "device", error), dir, error);

	for (unsigned i = 0; device != NULL && i < G_N_ELEMENTS(RATES); i++)
		if (!hw_json_has(node, RATES[i]))
			cJSON_AddNumberToObject(
				channel, RATES[i],
				cJSON_GetObjectItemCaseSensitive(device->root, RATES[i])
					->valuedouble);
	hw_json_close(device);
}

void hw_dram_fill_in(struct hw_json_file *package, const char *dir, GError **error)
{
	struct hw_json root = hw_json_root(package);
	GError *none = NULL; /* what is missing is not ours to report */
	struct hw_json channels = hw_json_get(hw_json_get(root, "dram", &none), "channels", &none);
	cJSON *list = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(package->root, "dram"), "channels");

	g_clear_error(&none);
	for (unsigned i = 0; i < hw_json_size(channels) && *error == NULL; i++) {
		struct hw_json channel = hw_json_at(channels, i);
		if (cJSON_IsObject(channel.item) && hw_json_has(channel, "device"))
			fill_in_channel(channel, cJSON_GetArrayItem(list, (int)i), dir, error);
	}
}
