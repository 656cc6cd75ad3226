// Between the two files of the driver: one queue's rings.
#pragma once

#include "guest/nvme/nvme.h"

void nvme_push(struct NvmeQueue* queue, const struct NvmeCommand* command);
int nvme_queue_has_done(const struct NvmeQueue* queue);
struct NvmeCompletion nvme_pop(struct NvmeQueue* queue);
void nvme_announce_head(struct NvmeQueue* queue);
