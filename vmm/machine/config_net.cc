#include "vmm/machine/config_net.h"

#include <fmt/core.h>
#include <net/if.h>

#include <array>
#include <string>

#include "vmm/machine/config_reader.h"
#include "vmm/machine/config_virtio.h"

namespace skiff {
namespace {

// In the order of kNetFaces (config_keys.cc).
constexpr std::array kNetFaceOfChoice = {NetFace::virtio, NetFace::virtio, NetFace::e1000};

// Keys that say nothing to an e1000.
constexpr std::array kNotOfE1000 = {"queues", "queue_size", "ring", "event_idx", "ioeventfd"};
// Drivers of the card take no more.
constexpr std::uint16_t kE1000LargestMtu = 16110;
constexpr std::uint16_t kE1000UsualMtu = 1500;

struct Placed {
  NetConfig config;
  ConfigPlace tap;
  ConfigPlace fd;
  ConfigPlace mac;
  std::vector<ConfigPlace> forward;
};

void refuse(ConfigReader& reader, std::string_view type, std::initializer_list<const char*> keys) {
  for (const char* const key : keys) {
    if (!reader.has(key)) continue;
    reader.error(key, fmt::format("net.{} is only for net.type = \"{}\"", key, type));
  }
}

void read_user(ConfigReader& reader, Placed& net) {
  NetOptions& host = net.config.host;
  if (const auto backend = reader.choice("backend")) {
    host.backend =
        std::array{UserStack::automatic, UserStack::passt, UserStack::libslirp}.at(*backend);
  }
  for (const ConfigNode& item : reader.strings("forward")) {
    auto rule = ForwardRule::parse(item.string);
    if (rule) {
      host.forward.push_back(*std::move(rule));
      net.forward.push_back(item.place);
    } else {
      reader.error_at(item.place,
                      fmt::format("net.forward {}: {}", quoted(item.string), rule.error()));
    }
  }
}

void read_tap(ConfigReader& reader, Placed& net, bool wanted) {
  NetOptions& host = net.config.host;
  const auto tap = reader.string("tap");
  const auto fd = reader.integer("fd");
  if (tap) {
    host.tap = *tap;
    if (tap->empty() || tap->size() >= IFNAMSIZ || tap->find_first_of("/ :") != tap->npos) {
      reader.error("tap", fmt::format("net.tap {} is no name of an interface (1 to {} characters "
                                      "without '/', ':' and blanks)",
                                      quoted(*tap), IFNAMSIZ - 1));
    }
  }
  if (fd) host.fd = static_cast<int>(*fd);
  if (!wanted) return;
  if (reader.has("tap") && reader.has("fd")) {
    reader.error("fd",
                 "net.tap and net.fd exclude each other: name the interface, or hand over its "
                 "descriptor");
  } else if (!reader.has("tap") && !reader.has("fd")) {
    reader.error("type",
                 "net.type = \"tap\" needs net.tap, the interface's name, such as tap = "
                 "\"tap0\"");
  }
}

void read_card(ConfigReader& reader, NetConfig& card) {
  if (const auto mac = reader.string("mac")) {
    card.mac = MacAddress::parse(*mac);
    if (!card.mac) {
      reader.error("mac", fmt::format("net.mac {} is no address; write six bytes such as "
                                      "\"52:54:00:12:34:56\"",
                                      quoted(*mac)));
    } else if (!card.mac->is_unicast()) {
      reader.error("mac",
                   fmt::format("net.mac {} is {}; a card needs an address of its own (the "
                               "first byte even, such as 52)",
                               quoted(*mac), card.mac->is_zero() ? "zero" : "a group's address"));
    }
  }
  if (const auto mtu = reader.integer("mtu")) card.host.mtu = static_cast<std::uint16_t>(*mtu);
  if (const auto queues = reader.integer("queues"))
    card.host.queues = static_cast<std::uint16_t>(*queues);
  if (card.host.queues > 1 && card.host.type == NetType::user) {
    reader.error("queues", "net.queues is more than 1; user networking has one pair of queues");
  }
  card.queue_size = read_queue_size(reader, "net", card.queue_size);
  if (const auto link = reader.boolean("link")) card.link = *link;
  if (const auto offload = reader.boolean("offload")) card.host.offload = *offload;
  card.transmit_bytes = read_rate(reader, "net", "tx_bandwidth");
  card.transmit_packets = read_rate(reader, "net", "tx_packets");
  card.receive_bytes = read_rate(reader, "net", "rx_bandwidth");
  card.receive_packets = read_rate(reader, "net", "rx_packets");
}

void read_face(ConfigReader& reader, std::size_t choice, NetConfig& card) {
  card.face = kNetFaceOfChoice.at(choice);
  if (card.face != NetFace::e1000) return;
  for (const char* const key : kNotOfE1000) {
    if (!reader.has(key)) continue;
    reader.error(key,
                 fmt::format("net.{} is only for virtio cards, not for net.face = \"e1000\"", key));
  }
  if (card.host.mtu > kE1000LargestMtu) {
    reader.error("mtu", fmt::format("net.mtu is {}; with net.face = \"e1000\" at most {} is "
                                    "possible",
                                    card.host.mtu, kE1000LargestMtu));
  }
  // User networking would tell the guest its own, which is larger than the card's.
  if (card.host.mtu == 0 && card.host.type == NetType::user) card.host.mtu = kE1000UsualMtu;
}

Placed read_one(const ConfigNode& table, std::size_t index,
                const std::vector<IoThreadConfig>& threads, ConfigDiagnostics& diagnostics) {
  ConfigReader reader("net", &table, diagnostics);
  Placed net;
  net.config.host.name = fmt::format("net{}", index);
  const auto type = reader.choice("type");
  if (type) {
    net.config.host.type = *type == 0 ? NetType::user : NetType::tap;
  } else if (!reader.has("type") && (reader.has("tap") || reader.has("fd"))) {
    net.config.host.type = NetType::tap;
  }
  const bool sound = type || !reader.has("type");
  const bool tap = net.config.host.type == NetType::tap;
  read_user(reader, net);
  read_tap(reader, net, sound && tap);
  if (sound && tap) refuse(reader, "user", {"backend", "forward"});
  if (sound && !tap) refuse(reader, "tap", {"tap", "fd"});
  read_card(reader, net.config);
  std::size_t face = 0;
  net.config.virtio = read_virtio(reader, "net", threads, &face);
  read_face(reader, face, net.config);
  net.config.drawn_mac = MacAddress::random();
  net.tap = reader.place("tap");
  net.fd = reader.place("fd");
  net.mac = reader.place("mac");
  return net;
}

bool collide(const ForwardRule& a, const ForwardRule& b) {
  return a.protocol == b.protocol && a.host_address == b.host_address &&
         a.host_port < b.host_port + b.count && b.host_port < a.host_port + a.count;
}

// What two cards, or two rules, cannot both have. `before`: the cards read so far.
void report_collisions(const std::vector<Placed>& before, const Placed& net,
                       ConfigDiagnostics& diagnostics) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    const NetConfig& other = before[i].config;
    const NetConfig& mine = net.config;
    const auto both = [&](const ConfigPlace& place, std::string_view what) {
      diagnostics.error(
          place, fmt::format("network cards {} and {} have the same {}", i, before.size(), what));
    };
    if (mine.mac && mine.mac == other.mac) both(net.mac, "mac");
    if (!mine.host.tap.empty() && mine.host.tap == other.host.tap) both(net.tap, "tap");
    if (mine.host.fd >= 0 && mine.host.fd == other.host.fd) both(net.fd, "fd");
  }
  for (std::size_t i = 0; i < net.forward.size(); ++i) {
    const auto& mine = net.config.host.forward;
    bool taken = false;
    for (std::size_t j = 0; j < i; ++j)
      taken = taken || collide(mine[i], mine[j]);
    for (const Placed& other : before) {
      for (const ForwardRule& rule : other.config.host.forward)
        taken = taken || collide(mine[i], rule);
    }
    if (taken) {
      diagnostics.error(net.forward[i], fmt::format("net.forward \"{}\": another rule has that "
                                                    "port of the host already",
                                                    mine[i].text()));
    }
  }
}

}  // namespace

std::vector<NetConfig> read_nets(const ConfigNode& root, const std::vector<IoThreadConfig>& threads,
                                 ConfigDiagnostics& diagnostics) {
  std::vector<Placed> nets;
  for (const ConfigNode* table : list_sections(root, "net", diagnostics)) {
    Placed net = read_one(*table, nets.size(), threads, diagnostics);
    report_collisions(nets, net, diagnostics);
    nets.push_back(std::move(net));
  }
  std::vector<NetConfig> out;
  for (Placed& net : nets)
    out.push_back(std::move(net.config));
  return out;
}

}  // namespace skiff
