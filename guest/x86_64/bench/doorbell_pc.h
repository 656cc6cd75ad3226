// The cells of bench-doorbell that write to ports.
#pragma once

struct VirtQueue;
void doorbell_ports(const struct VirtQueue* idle);
