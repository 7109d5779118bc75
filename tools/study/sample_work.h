/* Private to tools/sample*.c: what a worker process does for one sample. */
#ifndef TOOLS_STUDY_SAMPLE_WORK_H
#define TOOLS_STUDY_SAMPLE_WORK_H

#include "tools/study/samples.h"

/* Kind and strategy of a number; `index` becomes the strategy's place in the pair's list. */
void sample_identify(const struct sample_pair *pair, unsigned number,
                     struct sample_figures *figures, unsigned *index);

/* Make one sample; what goes wrong is its error. */
void sample_work(const struct sample_request *request, unsigned pair, unsigned number,
                 struct sample *sample);

/* To bytes and back; the sample read owns its parts. */
void sample_pack(const struct sample *sample, GString *bytes);
void sample_unpack(const GString *bytes, struct sample *sample);

void sample_release(struct sample *sample);

#endif
