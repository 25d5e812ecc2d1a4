//===- AttendSchedule.h - how the CPU computes an attend's tile -*- C++ -*-===//
//
// Schedules over AttendAlgorithm.h for a processor with vectors. A tile's rows
// are the lanes of the first product and of everything elementwise: no
// reduction runs across lanes. K is read by broadcasts from memory, never
// packed. In the second product channels are the lanes, and P is broadcast.
//
//===----------------------------------------------------------------------===//
#ifndef EFFATTN_LIB_SCHEDULE_ATTENDSCHEDULE_H
#define EFFATTN_LIB_SCHEDULE_ATTENDSCHEDULE_H

#include "lib/Schedule/AttendAlgorithm.h"

namespace effattn {

void schedulePack(PackAlgorithm &algorithm, const AttendSpec &spec,
                  const AttendNumbers &numbers);
void scheduleTile(TileAlgorithm &algorithm, const AttendSpec &spec,
                  const AttendNumbers &numbers);
void scheduleSelect(SelectAlgorithm &algorithm, const AttendSpec &spec,
                    const AttendNumbers &numbers);
void scheduleFinish(FinishAlgorithm &algorithm, const AttendSpec &spec,
                    const AttendNumbers &numbers);

} // namespace effattn

#endif // EFFATTN_LIB_SCHEDULE_ATTENDSCHEDULE_H
