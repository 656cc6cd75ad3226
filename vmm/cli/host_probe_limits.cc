// Memory, devices and limits of the host, as `skiff check` lists them.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "vmm/base/fd.h"
#include "vmm/cli/host_probe.h"
#include "vmm/machine/size_text.h"

namespace skiff {
namespace {

using Grade = HostFinding::Grade;

// The first 4 KiB of a small file of /proc or /sys, without the final newline; empty where there is
// none.
std::string small_file(const char* path) {
  const Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
  std::string text(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

// "[always] madvise never": the word in brackets.
std::string chosen(const std::string& text) {
  const auto open = text.find('[');
  const auto close = text.find(']', open);
  return open == std::string::npos || close == std::string::npos
             ? std::string()
             : text.substr(open + 1, close - open - 1);
}

// A line "Name:   123 kB" of /proc/meminfo, in bytes.
std::uint64_t meminfo(const std::string& text, const std::string& name) {
  const auto at = text.find(name + ":");
  if (at == std::string::npos) return 0;
  return std::strtoull(text.c_str() + at + name.size() + 1, nullptr, 10) * 1024;
}

std::string limit_text(rlim_t value, bool bytes) {
  if (value == RLIM_INFINITY) return "unlimited";
  return bytes ? format_size(value) : fmt::format("{}", value);
}

// A device node: can this user open it?
void probe_node(HostReport& report, const char* path, std::string_view use,
                std::string_view how_to_get) {
  const Fd fd(::open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (fd) {
    report.add("devices", path, Grade::good, "usable", use);
    return;
  }
  const int error = errno;
  const bool absent = error == ENOENT || error == ENODEV || error == ENXIO;
  report.add("devices", path, Grade::missing,
             absent ? "absent" : std::generic_category().message(error),
             fmt::format("{}: {}", use, how_to_get));
}

bool io_uring_works() {
  // io_uring_setup with no parameters: EFAULT where the call exists and is allowed.
  const long result = ::syscall(SYS_io_uring_setup, 1U, nullptr);
  return result >= 0 || errno == EFAULT || errno == EINVAL;
}

}  // namespace

void probe_memory(HostReport& report) {
  const std::string info = small_file("/proc/meminfo");
  report.add("memory", "RAM", Grade::note,
             fmt::format("{} MiB, {} MiB available", meminfo(info, "MemTotal") >> 20,
                         meminfo(info, "MemAvailable") >> 20));
  const std::string mode = chosen(small_file("/sys/kernel/mm/transparent_hugepage/enabled"));
  if (mode.empty() || mode == "never") {
    report.add("memory", "transparent huge pages", Grade::missing, mode.empty() ? "absent" : mode,
               "guests fault in 4K pages: `echo madvise | sudo tee "
               "/sys/kernel/mm/transparent_hugepage/enabled`");
  } else {
    report.add("memory", "transparent huge pages", Grade::good, mode, "machine.hugepages");
  }
  const std::string pages = small_file("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
  const std::string free_pages =
      small_file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
  if (pages.empty()) {
    report.add("memory", "2M huge pages", Grade::missing, "absent", "machine.hugepages = \"2M\"");
  } else if (pages == "0") {
    report.add("memory", "2M huge pages", Grade::note, "none reserved",
               "for machine.hugepages = \"2M\": `sudo sysctl vm.nr_hugepages=N`");
  } else {
    report.add("memory", "2M huge pages", Grade::good,
               fmt::format("{} reserved, {} free", pages, free_pages));
  }
  const std::string overcommit = small_file("/proc/sys/vm/overcommit_memory");
  if (overcommit == "2") {
    report.add("memory", "overcommit", Grade::missing, "strict",
               "guests cannot have more RAM than this host has left: `sudo sysctl "
               "vm.overcommit_memory=0`");
  }
}

void probe_devices(HostReport& report) {
  probe_node(report, "/dev/net/tun", "tap networks",
             "`sudo modprobe tun`, and the right to open it");
  probe_node(report, "/dev/vhost-net", "network queues in the kernel", "`sudo modprobe vhost_net`");
  probe_node(report, "/dev/vhost-vsock", "sockets to the guest", "`sudo modprobe vhost_vsock`");
  if (io_uring_works()) {
    report.add("devices", "io_uring", Grade::good, "usable", "disk requests");
  } else {
    const int error = errno;
    report.add("devices", "io_uring", Grade::missing, std::generic_category().message(error),
               "disks use a thread pool instead; see /proc/sys/kernel/io_uring_disabled");
  }
}

void probe_limits(HostReport& report) {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    report.add("limits", "locked memory", Grade::note, limit_text(limit.rlim_cur, true),
               "`ulimit -l`");
  }
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    constexpr rlim_t kPlenty = 512;
    const bool enough = limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= kPlenty;
    report.add("limits", "open files", enough ? Grade::good : Grade::missing,
               fmt::format("{} (hard: {})", limit_text(limit.rlim_cur, false),
                           limit_text(limit.rlim_max, false)),
               enough ? "`ulimit -n`" : "many vCPUs and devices need more: `ulimit -n 1024`");
  }
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    report.add("limits", "address space", Grade::missing, limit_text(limit.rlim_cur, true),
               "guest RAM has to fit into it: `ulimit -v unlimited`");
  }
}

}  // namespace skiff
