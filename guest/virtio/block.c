#include "guest/virtio/block.h"

int blk_add(struct VirtQueue* queue, struct BlkRequest* request) {
  struct Segment segments[3];
  unsigned count = 0;
  const uint32_t type = request->header.type;
  segments[count++] = (struct Segment){&request->header, sizeof request->header, 0};
  if (request->length) {
    segments[count++] =
        (struct Segment){request->data, request->length, type == kBlkIn || type == kBlkGetId};
  }
  segments[count++] = (struct Segment){&request->status, 1, 1};
  request->status = kBlkNoStatus;
  return queue_add(queue, segments, count, request);
}

unsigned blk_request(struct VirtQueue* queue, uint32_t type, uint64_t sector, void* data,
                     uint32_t length) {
  // Not on the stack: a device that answers too late must not find something else there.
  static struct BlkRequest request;
  request.header = (struct BlkHeader){type, 0, sector};
  request.data = data;
  request.length = length;
  if (!blk_add(queue, &request)) {
    return kBlkNoStatus;
  }
  queue_kick(queue);
  return queue_wait(queue, 0, 10000) == &request ? request.status : kBlkNoStatus;
}
