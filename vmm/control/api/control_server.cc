#include "vmm/control/api/control_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "vmm/base/error.h"

namespace skiff {
namespace {

namespace asio = boost::asio;

bool may_connect(int client) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == ::geteuid() || peer.uid == 0);
}

// To a client that is not admitted; it takes the few bytes at once, or goes without.
void turn_away(const Fd& client, int status, const std::string& message) {
  ApiAnswer reply = answer_of({.status = status, .message = message});
  const std::string bytes = render(reply, false);
  [[maybe_unused]] const auto sent =
      ::send(client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

ControlServer::ControlServer(asio::io_context& io, VmControl& vm, Fd listener)
    : io_(io), vm_(vm), listener_(io), pause_(io) {
  boost::system::error_code error;
  listener_.assign(listener.get(), error);
  if (error)
    throw HostError::from_errno("cannot wait for clients of the control socket", error.value());
  listener.release();
  await_client();
}

ControlServer::~ControlServer() {
  for (const auto& connection : std::vector(connections_))
    connection->close();
}

void ControlServer::await_client() {
  listener_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (!error) accept_clients();
                       });
}

void ControlServer::accept_clients() {
  // Some at a time: other work gets its turn between.
  for (int count = 0; count < 16; ++count) {
    Fd client(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      admit(std::move(client));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) break;
    // EMFILE, ENFILE, ENOMEM: the client stays in the queue, and the socket readable.
    pause_.expires_after(kPause);
    pause_.async_wait([this](const boost::system::error_code& error) {
      if (!error) await_client();
    });
    return;
  }
  await_client();
}

void ControlServer::admit(Fd client) {
  if (!may_connect(client.get())) {
    return turn_away(client, 403, "only the VM's owner and root may control it");
  }
  if (connections_.size() >= kMostConnections) {
    return turn_away(client, 503, "this VM has as many clients as it takes; try again later");
  }
  auto connection = std::make_shared<ControlConnection>(
      io_, vm_, [this](ControlConnection& closed) { forget(closed); });
  if (connection->start(std::move(client))) connections_.push_back(std::move(connection));
}

void ControlServer::forget(const ControlConnection& connection) {
  std::erase_if(connections_, [&](const auto& each) { return each.get() == &connection; });
}

void ControlServer::finish(const VmInfo& info, std::chrono::steady_clock::duration patience) {
  // Who came before the end and has not been looked at yet.
  accept_clients();
  boost::system::error_code ignored;
  listener_.close(ignored);
  pause_.cancel();
  for (const auto& connection : std::vector(connections_))
    connection->vm_ended(info);
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!connections_.empty() && std::chrono::steady_clock::now() < end) {
    if (io_.run_one_until(end) == 0) break;
  }
}

}  // namespace skiff
