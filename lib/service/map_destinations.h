/* Rails on single destinations: own-domain and limits. */
#ifndef POSTIGO_SERVICE_MAP_DESTINATIONS_H
#define POSTIGO_SERVICE_MAP_DESTINATIONS_H

#include "service/map_verdicts.h"

/* Refuses rows that forward into our own domain (unless the settings allow it) or go beyond the limits of Postfix by themselves. */
void map_destinations_judge(struct map_verdicts *verdicts);

#endif
