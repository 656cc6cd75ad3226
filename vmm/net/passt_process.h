// A passt(1) of our own, connected by a socket pair. It ends when its end of the pair closes: with
// this object, or with the process, however that dies (so no signal on parent death is needed,
// which would go with the thread that started it, and which passt loses when it changes its user).
//
// passt finds addresses, routes and name servers on the host, and gives them to the guest by DHCP,
// NDP and DHCPv6.
//
// Thread rule: one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "vmm/base/fd.h"
#include "vmm/net/forward_rule.h"

namespace skiff {

// The program's path, or empty where it is not installed (searched in PATH).
std::string find_passt();

// What passt is told. Pure. `socket` is the descriptor's number in the child.
std::vector<std::string> passt_arguments(const std::vector<ForwardRule>& forward, std::uint16_t mtu,
                                         int socket);

class PasstProcess {
 public:
  // Throws HostError if it cannot be started. What passt finds wrong itself it says later.
  PasstProcess(const std::string& program, const std::vector<ForwardRule>& forward,
               std::uint16_t mtu);
  // Ends it and waits for that, so that its ports are free again.
  ~PasstProcess();
  PasstProcess(const PasstProcess&) = delete;
  PasstProcess& operator=(const PasstProcess&) = delete;

  // Our end, non-blocking in use (MSG_DONTWAIT). Once.
  Fd take_socket() { return std::move(socket_); }
  pid_t pid() const { return pid_; }

  // Non-blocking; readable when passt says something.
  int messages_fd() const { return messages_.get(); }
  // Logs what it has said since, at debug. False: it will say no more.
  bool log_messages();
  // After it ended: the last thing it said, or its status. Waits a little for the end.
  std::string last_words();

 private:
  bool wait(int milliseconds);

  Fd socket_;
  Fd messages_;
  pid_t pid_ = -1;  // -1: waited for
  int status_ = 0;
  std::string line_;  // not yet complete
  std::string last_;
};

}  // namespace skiff
