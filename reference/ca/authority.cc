#include "ca/authority.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "ca/commit_group.h"
#include "ca/policy.h"
#include "ca/store.h"

namespace ca {
namespace {

using est::Bytes;
using est::BytesView;
using est::Error;
using est::Result;
using est::Status;
using est::UnixTime;
using est::codec::Certificate;

constexpr std::int64_t ca_backdate_seconds = 300;
constexpr int serial_attempts = 8;
Error no_serial() { return Error{"no unused serial number was found; the random number generator is broken"}; }
// Beyond this a flood of requests is more likely than an operator with patience.
constexpr std::int64_t most_waiting = 10000;

std::string database_file(const AuthorityOptions& options) { return options.directory + "/ca.db"; }

Status make_directory(const std::string& directory) {
  if (directory.empty()) return Error{"a CA needs a directory to live in"};
  std::error_code failed;
  const auto parent = std::filesystem::path(directory).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, failed);
  if (::mkdir(directory.c_str(), 0700) == 0 || (errno == EEXIST && std::filesystem::is_directory(directory, failed))) return {};
  return Error{directory + ": the directory cannot be made: " + std::strerror(errno)};
}

Result<Hierarchy> new_hierarchy(const CreateOptions& what, UnixTime now) {
  if (what.root_validity_seconds <= 0) return Error{"the validity of the root must be a positive number of seconds"};
  const auto root_name = ca_name(what.common_name);
  if (!root_name) return root_name.error();
  const auto key = est::crypto::PrivateKey::generate(what.key_type);
  if (!key) return key.error();
  auto root = make_root(*root_name, *key, {now - ca_backdate_seconds, now + what.root_validity_seconds});
  if (!root) return root.error();
  Hierarchy out{1, std::move(*root), {}, {}, {}};
  if (!what.intermediate) return out;
  const auto name = ca_name(what.common_name + " issuing");
  if (!name) return name.error();
  const auto second = est::crypto::PrivateKey::generate(what.key_type);
  if (!second) return second.error();
  auto intermediate = make_intermediate(*name, *second, out.root, now);
  if (!intermediate) return intermediate.error();
  out.intermediate = std::move(*intermediate);
  return out;
}

bool current(const Certificate& certificate, UnixTime now) { return certificate.validity.not_after > now; }

// The contents of one certificate, all decisions made.
struct Order {
  est::pki::CertificateSpec spec;  // the serial number is drawn when it is signed
  Requester requester;
  std::string label;
};

Order order_for(Grant grant, const IssueRequest& request, UnixTime now) {
  Order order;
  order.spec.subject = std::move(grant.subject);
  order.spec.public_key_info = std::move(grant.public_key_info);
  order.spec.extensions = std::move(grant.extensions);
  order.spec.validity = {now - request.profile.backdate_seconds, now + request.profile.validity_seconds};
  order.requester = request.requester;
  order.label = request.label;
  return order;
}

Result<NewCertificate> sign(const Order& order, const Hierarchy& hierarchy, UnixTime now, std::uint16_t sequence) {
  const CaKey& issuing = hierarchy.issuing();
  const UnixTime end = issuing.certificate.validity.not_after;
  if (end <= now) return Error{"the certificate of the issuing CA expired at " + est::iso8601(end) + "; roll the root over to a new key"};
  est::pki::CertificateSpec spec = order.spec;
  spec.serial = est::pki::dated_serial(now, sequence);
  spec.validity.not_after = std::min(spec.validity.not_after, end);
  auto der = est::pki::issue_certificate(spec, issuing.issuer());
  if (!der) return der.error();
  CertificateRecord record{spec.serial, spec.subject.to_string(), spec.validity.not_after, {}, order.requester.identity, order.label, *der};
  return NewCertificate{std::move(record), hierarchy.intermediate ? "intermediate" : "root", now, hierarchy.generation};
}

// What a certificate is issued by, when nobody has to approve: an order, or why there is none.
using Decision = std::variant<Order, Refused>;

Names names_of(const IssueRequest& request) { return {request.subject, request.subject_alt_name}; }

Status check(const IssueRequest& request) {
  if (request.request == nullptr) return Error{"there is no request to issue a certificate for"};
  if (request.profile.validity_seconds <= 0 || request.profile.backdate_seconds < 0)
    return Error{"the profile " + request.profile.name + " has a validity that is not positive"};
  return {};
}

Decision decide_order(const IssueRequest& request, UnixTime now) {
  auto decision = decide(*request.request, request.profile, names_of(request), request.generated_key);
  if (auto* refused = std::get_if<Refused>(&decision)) return std::move(*refused);
  return order_for(std::get<Grant>(std::move(decision)), request, now);
}

PendingKey pending_key(const IssueRequest& request) {
  const est::codec::Name& name = request.subject ? *request.subject : request.request->subject;
  est::Bytes names = name.der;
  // Names that were changed belong to what the operator approves.
  if (request.subject_alt_name) est::append(names, est::codec::encode_general_names(*request.subject_alt_name));
  const Bytes key = request.generated_key ? est::to_bytes("/serverkeygen") : request.request->key.der;
  return {request.requester.identity, request.label, std::move(names), key};
}

}  // namespace

// `mutex` guards `store`; members whose names end in `_locked` want it held.
struct Authority::Impl {
  [[nodiscard]] static Result<std::unique_ptr<Impl>> make(const AuthorityOptions& options, std::unique_ptr<Store> store);
  Impl(std::unique_ptr<Store> opened, std::unique_ptr<Store> beside, const est::Clock* given)
      : store(std::move(opened)),
        reader(std::move(beside)),
        clock(given != nullptr ? *given : est::system_clock()),
        group([this](const CommitGroup::Certificates& certificates) { return keep_all(certificates); }) {}

  [[nodiscard]] Result<std::shared_ptr<const Hierarchy>> hierarchy_by(Store& connection);
  [[nodiscard]] Result<std::shared_ptr<const Hierarchy>> hierarchy_locked() { return hierarchy_by(*store); }
  [[nodiscard]] Result<std::shared_ptr<const Hierarchy>> hierarchy();
  [[nodiscard]] Result<std::shared_ptr<const Hierarchy>> hierarchy_to_sign_with(bool anew);
  [[nodiscard]] Result<NewCertificate> sign_attempt(const Order& order, int attempt);
  [[nodiscard]] Result<Issued> issue_now(const Order& order);
  void issue_later(const std::shared_ptr<const Order>& order, const Told& told, int attempt);
  [[nodiscard]] CommitGroup::Kept keep_all(const CommitGroup::Certificates& certificates) const;
  [[nodiscard]] Result<CommitGroup::Kept> keep_in_one_transaction(const CommitGroup::Certificates& certificates) const;
  [[nodiscard]] Result<Issued> issue_locked(const Order& order);
  [[nodiscard]] Result<std::optional<Issued>> keep_locked(NewCertificate fresh) const;
  [[nodiscard]] Result<Outcome> issue_when_approved(const IssueRequest& request);
  [[nodiscard]] Result<Outcome> resume_locked(const IssueRequest& request, const PendingKey& key);
  [[nodiscard]] Result<std::optional<Issued>> earlier_locked(const PendingEntry& entry);
  [[nodiscard]] Result<Outcome> first_time_locked(const IssueRequest& request, const PendingKey& key);
  [[nodiscard]] Result<Outcome> issue_approved_locked(const IssueRequest& request, const PendingEntry& entry);
  [[nodiscard]] Status crls_for_role_locked(const std::string& role, const std::vector<const CaKey*>& keys, std::int64_t validity_seconds,
                                            std::vector<Bytes>& out);

  mutable std::mutex mutex;
  std::unique_ptr<Store> store;
  std::mutex reader_mutex;
  std::unique_ptr<Store> reader;  // for those who must not wait until a transaction is on the disk
  const est::Clock& clock;
  std::mutex cache_mutex;
  std::shared_ptr<const Hierarchy> cached;
  std::atomic<std::uint16_t> signed_so_far = 0;
  CommitGroup group;
};

// Another process may have rolled the root over since the last call.
Result<std::shared_ptr<const Hierarchy>> Authority::Impl::hierarchy_by(Store& connection) {
  const auto generation = connection.generation();
  if (!generation) return generation.error();
  {
    const std::lock_guard lock(cache_mutex);
    if (cached && cached->generation == *generation) return cached;
  }
  auto loaded = connection.load_hierarchy();
  if (!loaded) return loaded.error();
  const std::lock_guard lock(cache_mutex);
  cached = std::make_shared<const Hierarchy>(std::move(*loaded));
  return cached;
}

Result<std::shared_ptr<const Hierarchy>> Authority::Impl::hierarchy() {
  const std::lock_guard lock(reader_mutex);
  return hierarchy_by(*reader);
}

// The one known here, without a look at the database: whoever signs with one that is outdated by then
// is told so when the certificate is to be kept. One that has expired will have been replaced, if anything is done about it.
Result<std::shared_ptr<const Hierarchy>> Authority::Impl::hierarchy_to_sign_with(bool anew) {
  if (!anew) {
    const std::lock_guard lock(cache_mutex);
    if (cached && current(cached->issuing().certificate, clock.now())) return cached;
  }
  return hierarchy();
}

// A certificate that could not be kept has the serial number of another, or comes from a hierarchy of the past.
Result<NewCertificate> Authority::Impl::sign_attempt(const Order& order, int attempt) {
  if (attempt >= serial_attempts) return no_serial();
  const auto hierarchy = hierarchy_to_sign_with(attempt > 0);
  if (!hierarchy) return hierarchy.error();
  return sign(order, **hierarchy, clock.now(), signed_so_far++);
}

void Authority::Impl::issue_later(const std::shared_ptr<const Order>& order, const Told& told, int attempt) {
  auto fresh = sign_attempt(*order, attempt);
  if (!fresh) return told(fresh.error());
  const Issued issued{fresh->record.certificate, fresh->record.serial};
  const auto over = [this, order, told, attempt, issued](const Result<bool>& kept) {
    if (!kept) return told(kept.error());
    if (!*kept) return issue_later(order, told, attempt + 1);
    told(Outcome(issued));
  };
  if (!group.keep_later(*std::move(fresh), over)) told(Error{"too many certificates wait for the disk"});
}

// Signing takes no lock, so that several threads can sign while one waits for the disk; what they signed is then written together.
Result<Issued> Authority::Impl::issue_now(const Order& order) {
  for (int attempt = 0;; ++attempt) {
    auto fresh = sign_attempt(order, attempt);
    if (!fresh) return fresh.error();
    const auto kept = group.keep(*fresh);
    if (!kept) return kept.error();
    if (*kept) return Issued{std::move(fresh->record.certificate), std::move(fresh->record.serial)};
  }
}

// One statement is a transaction of its own.
CommitGroup::Kept Authority::Impl::keep_all(const CommitGroup::Certificates& certificates) const {
  const std::lock_guard lock(mutex);
  if (certificates.size() == 1) return {store->add_certificate(*certificates.front())};
  auto kept = keep_in_one_transaction(certificates);
  return kept ? *std::move(kept) : CommitGroup::Kept(certificates.size(), kept.error());
}

Result<CommitGroup::Kept> Authority::Impl::keep_in_one_transaction(const CommitGroup::Certificates& certificates) const {
  Transaction transaction(store->database());
  if (!transaction.begun()) return transaction.begun().error();
  CommitGroup::Kept kept;
  for (const NewCertificate* one : certificates) {
    kept.push_back(store->add_certificate(*one));
    if (!kept.back()) return kept.back().error();
  }
  if (Status done = transaction.commit(); !done) return done.error();
  return kept;
}

// Inside the caller's transaction.
Result<Issued> Authority::Impl::issue_locked(const Order& order) {
  const auto hierarchy = hierarchy_locked();
  if (!hierarchy) return hierarchy.error();
  for (int attempt = 0; attempt < serial_attempts; ++attempt) {
    auto fresh = sign(order, **hierarchy, clock.now(), signed_so_far++);
    if (!fresh) return fresh.error();
    auto kept = keep_locked(std::move(*fresh));
    if (!kept) return kept.error();
    if (*kept) return std::move(**kept);
  }
  return no_serial();
}

// Nothing when the serial number is taken.
Result<std::optional<Issued>> Authority::Impl::keep_locked(NewCertificate fresh) const {
  const auto added = store->add_certificate(fresh);
  if (!added) return added.error();
  if (!*added) return std::optional<Issued>();
  return std::optional(Issued{std::move(fresh.record.certificate), std::move(fresh.record.serial)});
}

Result<Outcome> Authority::Impl::first_time_locked(const IssueRequest& request, const PendingKey& key) {
  // What could never be issued need not trouble the operator.
  auto decision = decide(*request.request, request.profile, names_of(request), request.generated_key);
  if (auto* refused = std::get_if<Refused>(&decision)) return Outcome(std::move(*refused));
  const auto waiting = store->waiting();
  if (!waiting) return waiting.error();
  if (*waiting >= most_waiting) return Outcome(Refused{"too many requests wait for approval; ask the operator and try again later"});
  const Grant& grant = std::get<Grant>(decision);
  const auto id = store->add_pending(key, grant.subject.to_string(), request.request->der, clock.now());
  if (!id) return id.error();
  return Outcome(Pending{*id});
}

// Issues what the operator saw and approved, the first submission; the repeated one may ask for other extensions.
Result<Outcome> Authority::Impl::issue_approved_locked(const IssueRequest& request, const PendingEntry& entry) {
  const auto first = est::codec::decode_certification_request(entry.request);
  if (!first.accepted()) return Error{"the stored request " + std::to_string(entry.id) + " is damaged; restore the database from a backup"};
  auto decision = decide(*first.value, request.profile, names_of(request), request.generated_key);
  if (auto* refused = std::get_if<Refused>(&decision)) return Outcome(std::move(*refused));
  auto issued = issue_locked(order_for(std::get<Grant>(std::move(decision)), request, clock.now()));
  if (!issued) return issued.error();
  if (Status done = store->set_issued(entry.id, issued->serial); !done) return done.error();
  return Outcome(std::move(*issued));
}

// The certificate issued for an earlier submission, while it is of use.
Result<std::optional<Issued>> Authority::Impl::earlier_locked(const PendingEntry& entry) {
  const auto found = store->find(entry.serial);
  if (!found) return found.error();
  const auto& record = *found;
  if (!record || record->revoked_at || record->not_after <= clock.now()) return std::optional<Issued>();
  return std::optional(Issued{record->certificate, record->serial});
}

Result<Outcome> Authority::Impl::resume_locked(const IssueRequest& request, const PendingKey& key) {
  const auto found = store->find_pending(key);
  if (!found) return found.error();
  if (!*found) return first_time_locked(request, key);
  const PendingEntry& entry = **found;
  if (entry.state == "approved") return issue_approved_locked(request, entry);
  if (entry.state == "rejected") return Outcome(Refused{"the operator has rejected this request"});
  if (entry.state == "waiting") return Outcome(Pending{entry.id});
  if (request.generated_key) return first_time_locked(request, key);
  const auto earlier = earlier_locked(entry);
  if (!earlier) return earlier.error();
  return *earlier ? Outcome(**earlier) : first_time_locked(request, key);
}

Result<Outcome> Authority::Impl::issue_when_approved(const IssueRequest& request) {
  const std::lock_guard lock(mutex);
  Transaction transaction(store->database());
  if (!transaction.begun()) return transaction.begun().error();
  auto outcome = resume_locked(request, pending_key(request));
  if (!outcome) return outcome;
  if (Status done = transaction.commit(); !done) return done.error();
  return outcome;
}

Status Authority::Impl::crls_for_role_locked(const std::string& role, const std::vector<const CaKey*>& keys, std::int64_t validity_seconds,
                                             std::vector<Bytes>& out) {
  const auto number = store->next_crl_number(role);
  if (!number) return number.error();
  auto revoked = store->revoked(role);
  if (!revoked) return revoked.error();
  const UnixTime now = clock.now();
  const est::pki::CrlSpec spec{static_cast<std::uint64_t>(*number), now, now + validity_seconds, std::move(*revoked)};
  for (const CaKey* key : keys) {
    auto crl = est::pki::issue_crl(spec, key->issuer());
    if (!crl) return crl.error();
    out.push_back(std::move(*crl));
  }
  return {};
}

Authority::Authority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Authority::~Authority() = default;

Result<std::unique_ptr<Authority::Impl>> Authority::Impl::make(const AuthorityOptions& options, std::unique_ptr<Store> store) {
  auto reader = Store::open_beside(database_file(options));
  if (!reader) return reader.error();
  return std::make_unique<Impl>(std::move(store), std::move(*reader), options.clock);
}

Result<std::unique_ptr<Authority>> Authority::create(const AuthorityOptions& options, const CreateOptions& what) {
  const UnixTime now = (options.clock != nullptr ? *options.clock : est::system_clock()).now();
  if (Status made = make_directory(options.directory); !made) return made.error();
  const auto hierarchy = new_hierarchy(what, now);
  if (!hierarchy) return hierarchy.error();
  auto store = Store::create(database_file(options), *hierarchy);
  if (!store) return store.error();
  auto impl = Impl::make(options, std::move(*store));
  if (!impl) return impl.error();
  return std::unique_ptr<Authority>(new Authority(std::move(*impl)));  // NOLINT(cppcoreguidelines-owning-memory): private constructor
}

Result<std::unique_ptr<Authority>> Authority::open(const AuthorityOptions& options) {
  auto store = Store::open(database_file(options));
  if (!store) return store.error();
  auto impl = Impl::make(options, std::move(*store));
  if (!impl) return impl.error();
  // A CA whose keys cannot be read shows now, not at the first enrollment.
  if (auto hierarchy = (*impl)->hierarchy(); !hierarchy) return hierarchy.error();
  return std::unique_ptr<Authority>(new Authority(std::move(*impl)));  // NOLINT(cppcoreguidelines-owning-memory): private constructor
}

Result<std::vector<Bytes>> Authority::ca_certificates() const {
  const auto found = impl_->hierarchy();
  if (!found) return found.error();
  const Hierarchy& hierarchy = **found;
  const UnixTime now = impl_->clock.now();
  std::vector<Bytes> all = {hierarchy.root.certificate.der};
  if (hierarchy.intermediate) all.push_back(hierarchy.intermediate->certificate.der);
  for (const CaKey& old : hierarchy.old_roots)
    if (current(old.certificate, now)) all.push_back(old.certificate.der);
  for (const Certificate& one : hierarchy.cross)
    if (current(one, now)) all.push_back(one.der);
  return all;
}

Result<std::vector<Bytes>> Authority::issuer_chain() const {
  const auto hierarchy = impl_->hierarchy();
  if (!hierarchy) return hierarchy.error();
  return std::vector<Bytes>{(*hierarchy)->issuing().certificate.der};
}

Result<Outcome> Authority::issue(const IssueRequest& request) {
  if (Status sound = check(request); !sound) return sound.error();
  if (request.manual_approval) return impl_->issue_when_approved(request);
  auto decision = decide_order(request, impl_->clock.now());
  if (auto* refused = std::get_if<Refused>(&decision)) return Outcome(std::move(*refused));
  auto issued = impl_->issue_now(std::get<Order>(decision));
  if (!issued) return issued.error();
  return Outcome(std::move(*issued));
}

void Authority::issue_later(const IssueRequest& request, const Told& told) {
  if (Status sound = check(request); !sound) return told(sound.error());
  if (request.manual_approval) return told(Error{"a request that waits for approval cannot be issued later"});
  auto decision = decide_order(request, impl_->clock.now());
  if (auto* refused = std::get_if<Refused>(&decision)) return told(Outcome(std::move(*refused)));
  impl_->issue_later(std::make_shared<const Order>(std::get<Order>(std::move(decision))), told, 0);
}

Result<Issued> Authority::issue_directly(const est::codec::Name& subject, BytesView public_key_info, est::codec::Validity validity,
                                         const std::vector<est::codec::Extension>& extensions, const std::string& label) {
  Order order;
  order.spec.subject = subject;
  order.spec.public_key_info = est::to_bytes(public_key_info);
  order.spec.validity = validity;
  order.spec.extensions = extensions;
  order.requester.identity = "operator";
  order.label = label;
  return impl_->issue_now(order);
}

Result<Spent> Authority::spend(BytesView token, BytesView public_key_info) {
  const std::lock_guard lock(impl_->mutex);
  const auto added = impl_->store->add_spent(token, public_key_info);
  if (!added) return added.error();
  if (*added) return Spent::now;
  const auto owner = impl_->store->spent_by(token);
  if (!owner) return owner.error();
  return *owner == est::to_bytes(public_key_info) ? Spent::before_by_this_key : Spent::before;
}

Status Authority::keep_challenge(BytesView serial, BytesView digest) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store->add_challenge(serial, digest);
}

Result<std::optional<Bytes>> Authority::challenge(BytesView serial) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store->challenge(serial);
}

Status Authority::approve(std::int64_t id) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store->decide_pending(id, "approved");
}

Status Authority::reject(std::int64_t id) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store->decide_pending(id, "rejected");
}

Status Authority::revoke(BytesView serial) {
  const std::lock_guard lock(impl_->mutex);
  const auto known = impl_->store->revoke(serial, impl_->clock.now());
  if (!known) return known.error();
  if (!*known)
    return Error{"no certificate with serial number " + est::hex(serial) + " was issued here; list the certificates to see theirs"};
  return {};
}

Result<std::vector<PendingRecord>> Authority::pending() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store->pending();
}

Result<std::vector<CertificateRecord>> Authority::certificates() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store->certificates();
}

Result<std::optional<CertificateRecord>> Authority::find(BytesView serial) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store->find(serial);
}

Result<std::vector<Bytes>> Authority::make_crls(std::int64_t validity_seconds) {
  if (validity_seconds <= 0) return Error{"the validity of a CRL must be a positive number of seconds"};
  const std::lock_guard lock(impl_->mutex);
  Transaction transaction(impl_->store->database());
  if (!transaction.begun()) return transaction.begun().error();
  const auto found = impl_->hierarchy_locked();
  if (!found) return found.error();
  const Hierarchy& hierarchy = **found;
  // Whoever still trusts only a former root, or builds a path through it, needs a list signed by that key.
  std::vector<const CaKey*> roots = {&hierarchy.root};
  for (const CaKey& old : hierarchy.old_roots)
    if (current(old.certificate, impl_->clock.now())) roots.push_back(&old);
  std::vector<Bytes> crls;
  if (hierarchy.intermediate)
    if (Status done = impl_->crls_for_role_locked("intermediate", {&*hierarchy.intermediate}, validity_seconds, crls); !done)
      return done.error();
  if (Status done = impl_->crls_for_role_locked("root", roots, validity_seconds, crls); !done) return done.error();
  if (Status done = transaction.commit(); !done) return done.error();
  return crls;
}

Status Authority::rollover(est::crypto::KeyType key_type) {
  const auto key = est::crypto::PrivateKey::generate(key_type);
  if (!key) return key.error();
  const std::lock_guard lock(impl_->mutex);
  Transaction transaction(impl_->store->database());
  if (!transaction.begun()) return transaction.begun();
  const auto before = impl_->hierarchy_locked();
  if (!before) return before.error();
  const auto rollover = roll_over(**before, *key, impl_->clock.now());
  if (!rollover) return rollover.error();
  if (Status saved = impl_->store->save_rollover(*rollover); !saved) return saved;
  return transaction.commit();
}

}  // namespace ca
