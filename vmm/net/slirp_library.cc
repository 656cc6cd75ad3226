#include "vmm/net/slirp_library.h"

#include <dlfcn.h>

#include "vmm/base/log.h"

namespace skiff {
namespace {

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

const SlirpLibrary* load_once() {
  static SlirpLibrary functions;
  void* const library = ::dlopen("libslirp.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    log_debug("libslirp: {}", ::dlerror());
    return nullptr;
  }
  if (!find(library, "slirp_new", functions.create) ||
      !find(library, "slirp_cleanup", functions.cleanup) ||
      !find(library, "slirp_pollfds_fill", functions.pollfds_fill) ||
      !find(library, "slirp_pollfds_poll", functions.pollfds_poll) ||
      !find(library, "slirp_input", functions.input) ||
      !find(library, "slirp_add_hostfwd", functions.add_hostfwd) ||
      !find(library, "slirp_version_string", functions.version)) {
    log_warning("the libslirp that is installed is too old for Skiff: {}", ::dlerror());
    return nullptr;
  }
  return &functions;
}

}  // namespace

const SlirpLibrary* SlirpLibrary::load() {
  static const SlirpLibrary* const loaded = load_once();
  return loaded;
}

}  // namespace skiff
