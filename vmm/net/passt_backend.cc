#include "vmm/net/passt_backend.h"

#include <utility>

#include "vmm/base/log.h"

namespace skiff {

PasstBackend::PasstBackend(std::unique_ptr<PasstProcess> process, std::uint16_t mtu, bool offload)
    : StreamBackend(process->take_socket(),
                    {.description = "passt", .mtu = mtu, .trusting = offload}),
      process_(std::move(process)) {}

void PasstBackend::start(Executor& executor, std::uint16_t pairs, Events events) {
  StreamBackend::start(executor, pairs, std::move(events));
  messages_ = executor.watch(process_->messages_fd(), Readiness::readable, [this] {
    // Its end would make the pipe readable for ever.
    if (!process_->log_messages()) messages_.reset();
  });
}

void PasstBackend::stop() {
  messages_.reset();
  StreamBackend::stop();
}

void PasstBackend::on_closed(std::string_view /*why*/) {
  messages_.reset();
  log_error("passt, the guest's network, is gone: {}", process_->last_words());
}

}  // namespace skiff
