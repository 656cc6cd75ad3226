// Requests in the order they came, linked through themselves: nothing is allocated.
// Thread rule: as its owner says.
#pragma once

#include <cstddef>

#include "vmm/disk/disk_backend.h"

namespace skiff {

class RequestList {
 public:
  bool empty() const { return first_ == nullptr; }

  void push(DiskRequest& request) {
    request.backend.next = nullptr;
    if (first_ == nullptr) {
      first_ = &request;
    } else {
      last_->backend.next = &request;
    }
    last_ = &request;
  }
  // The first; null if there is none.
  DiskRequest* pop() {
    DiskRequest* const request = first_;
    if (request != nullptr) first_ = request->backend.next;
    return request;
  }
  DiskRequest* front() const { return first_; }
  // Appends all of `other` and leaves it empty.
  void take(RequestList& other) {
    if (other.empty()) return;
    if (first_ == nullptr) {
      first_ = other.first_;
    } else {
      last_->backend.next = other.first_;
    }
    last_ = other.last_;
    other.first_ = nullptr;
  }

 private:
  DiskRequest* first_ = nullptr;
  DiskRequest* last_ = nullptr;  // meaningful while first_ is set
};

}  // namespace skiff
