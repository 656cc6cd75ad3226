#include "tests/kvm/virtio/virtio_machine.h"

namespace skiff::test {
namespace {

std::string quoted(const std::string& value) {
  return "\"" + value + "\"\n";
}

std::string section(const VirtioMachine& machine, const std::string& kind) {
  if (kind == "blk") {
    return "[[disk]]\n" + (machine.disk.empty()
                               ? "backend = \"memory\"\nsize = \"16M\"\nqueues = 2\n"
                               : machine.disk);
  }
  if (kind == "net") return "[[net]]\n" + machine.net;
  if (kind == "console") return "[[virtio_console]]\n" + machine.port;
  return "[rng]\n";
}

}  // namespace

std::vector<std::string> virtio_arguments(const TemporaryFolder& folder,
                                          const VirtioMachine& machine, const std::string& program,
                                          const std::string& command_line,
                                          const std::vector<std::string>& more) {
  std::string text =
      "[machine]\nmemory = \"32M\"\nvcpus = 2\n[boot]\nkernel = " + quoted(guest_path(program)) +
      "cmdline = " + quoted(command_line);
  if (machine.face == "virtio-mmio") text += "virtio_mmio_cmdline = true\n";
  for (const std::string& kind : machine.devices) {
    text += section(machine, kind);
    text += "face = " + quoted(machine.face) + "ring = \"packed\"\n";
    text += machine.ioeventfd ? "ioeventfd = true\n" : "ioeventfd = false\n";
  }
  std::vector<std::string> arguments = {"run", folder.write("machine.toml", text)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

bool has_no_user_network(const Ending& ending, const std::string& err) {
  return ending == 121 &&
         (err.find("passt") != std::string::npos || err.find("slirp") != std::string::npos);
}

}  // namespace skiff::test
