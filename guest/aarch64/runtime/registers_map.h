// How devices' registers are mapped.
#pragma once

// As memory that is not cached from now on, not as device memory: a processor refuses an access to
// device memory that is not aligned itself, so that no device would ever see one (DDI 0487, B2.7).
void map_registers_for_any_access(void);
