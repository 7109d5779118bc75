#include "traces/palette.h"

#include <math.h>

uint32_t trace_kind_colour(enum tl_kind kind)
{
	static const uint32_t colours[TL_KINDS] = {
		[TL_COMPUTE] = 0x08519c,       [TL_LOAD] = 0x7f3b08,
		[TL_GATHER] = 0xc2a5cf,        [TL_TRANSFER] = 0x1b7837,
		[TL_FETCH] = 0x01665e,         [TL_STORE] = 0x80cdc1,
		[TL_FILL] = 0xffe08a,          [TL_DRAIN] = 0xfdae61,
		[TL_WAIT_INPUT] = 0xa6d96a,    [TL_WAIT_DRAM] = 0xd7301f,
		[TL_BACK_PRESSURE] = 0xce4a9b, [TL_SHARD] = 0xbdbdbd,
	};
	return colours[kind];
}

/* Hues a golden angle apart, in three brightnesses; cold ones, for waiting is warm. */
uint32_t trace_node_colour(uint32_t node)
{
	double hue = fmod(node * 0.61803398875, 1) * 140 + 150, light = 0.42 + node % 3 * 0.12;
	double chroma = (1 - fabs(2 * light - 1)) * 0.6, sector = hue / 60;
	double second = chroma * (1 - fabs(fmod(sector, 2) - 1)), least = light - chroma / 2;
	double rgb[3] = { sector >= 4 ? second : 0,
		          sector < 3   ? chroma
		          : sector < 4 ? second
		                       : 0,
		          sector < 3 ? second : chroma };
	uint32_t colour = 0;
	for (unsigned i = 0; i < 3; i++)
		colour = colour << 8 | (uint32_t)lround((rgb[i] + least) * 255);
	return colour;
}
