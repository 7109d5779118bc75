/*
 * A file that appears whole or not at all. What is written goes to a part beside it,
 * "NAME.mcmsim~1", which takes its place when all is there. A run that is killed meanwhile leaves
 * its part behind; the next one that writes NAME removes it. A part is locked (flock) as long as
 * its run lives, so those of others that write the same file now are left alone: they have numbers
 * of their own.
 *
 * A link's target is replaced, not the link. Pipes and devices, and whatever is below /dev and
 * /proc, are written in place.
 */
#ifndef HW_BASE_OUTPUT_H
#define HW_BASE_OUTPUT_H

struct hw_output {
	char *target, *part; /* part NULL: written in place */
	int descriptor;      /* to write to; -1: there is none */
};

/* Returns 0 or errno; hw_output_close in any case. */
int hw_output_open(struct hw_output *output, const char *path);

/* `failure` is 0 or the errno of a write that failed: then nothing appears. Returns what failed
 * first, 0 if nothing did. */
int hw_output_close(struct hw_output *output, int failure);

/* For a process that ends at once: removes the parts of all files that it has open. Allocates
 * nothing. */
void hw_output_abandon(void);

#endif
