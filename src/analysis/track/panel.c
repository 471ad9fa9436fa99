/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/track/panel.h"

#include <stdlib.h>

void
panel_init(struct panel *p, unsigned tracks_max, int utc_offset_s, const struct panel_out *out)
{
    p->utc_offset_s = utc_offset_s;
    p->out = *out;
    p->traffic.usual_per_min = NAN;
    tracks_init(&p->tracks, tracks_max);
    p->tracks.ctx = out->ctx;
    p->tracks.gone = out->gone;
    p->common.z = check_alloc(p->tracks.max, sizeof(p->common.z[0]));
}

void
panel_fini(struct panel *p)
{
    tracks_fini(&p->tracks);
    free(p->common.z);
}
