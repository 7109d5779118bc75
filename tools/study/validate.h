/*
 * Private to cmd_validate.c and the files validate_*.c: errors of the analytical model over
 * samples.
 *
 * Errors are (analytical - simulated) / simulated x 100, as in report.json; bubbles: the share of
 * the regions' time in which chiplets compute nothing, in percentage points of difference.
 * Terms are percent of the simulated latency with the error's sign: they add up to the latency's
 * error.
 */
#ifndef TOOLS_STUDY_VALIDATE_H
#define TOOLS_STUDY_VALIDATE_H

#include "hw/base/statistics.h"
#include "tools/study/samples.h"

enum validate_quantity {
	VALIDATE_LATENCY,
	VALIDATE_THROUGHPUT,
	VALIDATE_PERIOD, /* of every cluster of a segment with four full micro-batches per
	                    cluster */
	VALIDATE_LOAD,   /* of all segments that the simulator loads once */
	VALIDATE_BUBBLES,
	VALIDATE_QUANTITIES
};

const char *validate_quantity_name(enum validate_quantity quantity);

/* What a row of the table says of its samples. */
struct validate_row {
	char *name;
	unsigned samples, failed; /* compared; without a result */
	struct search_errors errors[VALIDATE_QUANTITIES];
	struct search_errors terms[SIM_TERMS];
	double tau, rho; /* of the latency; over several pairs: the mean of the pairs' */
};

struct validation {
	const struct options *options;
	struct sample_request request;
	struct sample_set set;
	struct validate_row *rows; /* pairs, kinds of sample, total */
	unsigned row_count;
};

/* Rows from samples; validate_release_rows empties them. */
void validate_fill_rows(struct validation *validation);
void validate_release_rows(struct validation *validation);

double validate_error(const struct sample *sample, enum validate_quantity quantity);
double validate_term_percent(const struct sample *sample, enum sim_term term);

/* The sample with the largest error of its latency; NULL if none has one. */
const struct sample *validate_worst(const struct validation *validation);

/* The command that remakes a sample. Caller frees. */
char *validate_command_line(const struct validation *validation, const struct sample *sample);

/* --choice: mappings that are searched with and without --calibration, simulated. Appends
 * what is printed, and writes choice.json. */
enum tool_status validate_choice(const struct validation *validation, GString *out, GError **error);

void validate_print(const struct validation *validation, GString *out);
char *validate_report(const struct validation *validation); /* JSON; caller frees */
bool validate_write(const struct validation *validation, const char *folder, GError **error);

#endif
