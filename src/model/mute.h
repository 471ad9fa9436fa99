/* SPDX-License-Identifier: Apache-2.0
 * model/mute.h - what a person says about an incident, as it goes from the admin API to the judge.
 *
 * A mute's subject is one text in three forms, so that it can be carried, kept, compared and shown
 * as it is:
 *
 *   "incident 7"    "route GET /api/orders"    "fingerprint 00c0ffee00c0ffee"
 *
 * Plain limits; no code. */
#ifndef MODEL_MUTE_H
#define MODEL_MUTE_H

#define MUTE_SUBJECT_MAX 544u                 /* bytes, with the NUL */
#define MUTE_SECONDS_MAX (30u * 24 * 60 * 60) /* so long a mute may last */
#define MUTES_MAX        64u                  /* at a time */

#define ANNOTATION_LEN_MAX 240u /* bytes */
#define ANNOTATIONS_MAX    16u  /* of one incident */

#endif
