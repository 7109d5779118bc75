/*
 * DRAM devices: presets that a package's channels name (`"device": "lpddr5-6400-x32"`), so that
 * what a channel sustains has a source. A file of mcmsim-dram/1 has a channel's rates and nothing
 * of its place; units as in struct hw_dram_channel. Used by the package's reader only.
 */
#ifndef HW_DRAM_H
#define HW_DRAM_H

#include "hw/base/json.h"
#include "hw/package.h"

/* The rates of a channel or a device: everything of the channel except its place and device. */
void hw_dram_read_rates(struct hw_json node, struct hw_dram_channel *channel, GError **error);

/*
 * Write into the channels of a package's file what they leave to their device, so that they are
 * whole and --set reaches each value. A device is the path of a file or a preset in `dir` (NULL:
 * there are none). What is no list of channels is left for the reader to complain about.
 */
void hw_dram_fill_in(struct hw_json_file *package, const char *dir, GError **error);

#endif
