#include "simulated_disk/store_lives.hpp"

#include "simulated_disk/damage.hpp"

#include <array>
#include <iterator>

namespace eventloom::testing {

namespace {

constexpr std::array operation_names{"write",   "sync",   "create", "rename", "remove", "sync of a directory",
                                     "opening", "reading"};
constexpr std::array tail_names{"dropped", "shortened", "torn", "kept"};

LevelDbStoreOptions drawn_options(Drawn& drawn)
{
    auto options                   = StoreMachine::small_store();
    options.record_bytes           = 300 + drawn.below(1500);
    options.group_bytes            = 1000 + drawn.below(4000);
    options.index_events_in_memory = 8 + drawn.below(60);
    return options;
}

} // namespace

StoreLives::StoreLives(std::uint64_t seed, Sometimes& sometimes)
    : machine_{seed, seed % 2 == 0 ? DirectoryModel::ordered : DirectoryModel::strict}, drawn_{seed},
      appends_{drawn_, machine_.runtime().ids, drawn_.one_in(4) ? 3000u : 120u, DrawnAppends::StreamsAre::limited},
      sometimes_{sometimes}, options_{drawn_options(drawn_)}
{
}

void StoreLives::wrong(const std::string& what)
{
    if (wrong_.empty()) wrong_ = what;
}

std::string StoreLives::run()
{
    for (auto lives = 3 + drawn_.below(4); lives > 0 && not is_wrong(); --lives) {
        while (drawn_.one_in(4)) fail_while_opening();
        begin();
        if (not is_wrong()) work();
        end();
    }
    if (not is_wrong()) begin(); // and all is well again
    if (not is_wrong() && drawn_.one_in(2)) scavenge_all();
    machine_.executor().run_until_idle();
    if (not is_wrong()) model_.take_times_from(*store_);
    const bool had_events = not requests_.empty();
    let_go();
    if (not is_wrong() && had_events) break_a_bit();
    return wrong_;
}

void StoreLives::draw_fault()
{
    auto& disk = machine_.disk();
    switch (drawn_.below(5)) {
    case 0:
        disk.crash_at(disk.operations() + 1 + drawn_.below(60));
        break;
    case 1:
        disk.leave_room(drawn_.below(4000));
        break;
    default:
        disk.fail({.operation = static_cast<Operation>(drawn_.below(operation_kinds)),
                   .number    = 1 + drawn_.below(12),
                   .for_good  = drawn_.one_in(3),
                   .half      = drawn_.one_in(2)});
    }
}

// The process ends; then the power goes, or only what ailed the disk.
void StoreLives::lose_power()
{
    const auto tail = static_cast<Tail>(drawn_.below(tail_names.size()));
    ++sometimes_[std::string{"power cut, tail "} + tail_names[static_cast<std::size_t>(tail)]];
    if (machine_.disk().fault_happened()) ++sometimes_["a fault, then a power cut"];
    machine_.disk().power_cut(tail);
}

void StoreLives::fail_while_opening()
{
    draw_fault();
    const auto before = machine_.disk().operations();
    {
        const auto store = machine_.open(options_);
        if (not store) ++sometimes_["an opening that failed"];
        if (not store && not is_troubled()) wrong("not opened: " + store.error().sentence);
    }
    machine_.process_ends();
    if (machine_.disk().crashed() && machine_.disk().operations() > before) ++sometimes_["a crash of a recovery"];
    lose_power();
}

// With a sound disk every store opens, holds what it should, and takes what was in doubt as if it had never been.
void StoreLives::begin()
{
    auto opened = machine_.open(options_);
    if (not opened) return wrong("not opened: " + opened.error().code + ": " + opened.error().sentence);
    store_ = std::move(opened.value());
    see_what_is_gone();
    if (is_wrong()) return;
    model_.nothing_is_going();
    model_.it_is(machine_.executor().now());
    if (auto found = settle(*store_, model_, in_doubt_); not found.empty()) return wrong(found);
    if (drawn_.one_in(2)) verify();
    if (is_wrong()) return;
    for (const auto& request : in_doubt_) {
        ++sometimes_[model_.expect(request).repeated ? "in doubt, and there" : "in doubt, and not there"];
    }
    auto requests = std::exchange(in_doubt_, {});
    std::move(not_written_.begin(), not_written_.end(), std::back_inserter(requests));
    not_written_.clear();
    const NewEvent event{.id = machine_.runtime().ids.next(), .type = "begun", .data = "", .metadata = {}};
    requests.push_back({.streams = {{"life-1", ExpectedVersion::any(), {event}}}});
    for (const auto& request : requests) {
        const auto answer = store_->append(request);
        if (auto found = wrong_answer(model_.expect(request), answer); not found.empty()) return wrong(found);
        model_.take(request);
    }
    requests_ = std::move(requests);
    answered_ = requests_.size();
    closed_   = false;
    is_blind_ = false;
}

void StoreLives::verify()
{
    const auto report = store_->verify();
    if (not report) return wrong("not verified: " + report.error().sentence);
    if (report.value().findings_total > 0) wrong("verify: " + report.value().findings.front().sentence);
}

void StoreLives::count_answer(const AppendRequest& request, const result<Appended>& answer)
{
    if (not answer) {
        ++sometimes_["an append answered " + answer.error().code];
    } else if (answer.value().repeated) {
        ++sometimes_[request.command ? "a command known" : "an append known"];
        const bool is_gone = model_.gone().contains(answer.value().first_position);
        if (is_gone && not request.command) ++sometimes_["an event that is gone known when it is sent again"];
    } else {
        ++sometimes_[request.streams.empty()      ? "a command without events taken"
                     : request.streams.size() > 1 ? "an append to several streams taken"
                                                  : "an append taken"];
        if (request.condition) ++sometimes_["a condition that held"];
        for (std::size_t i = 0; i < request.streams.size(); ++i) {
            const bool is_anew = answer.value().streams[i].first_version > 0;
            if (is_anew && request.streams[i].expected == ExpectedVersion::no_stream()) {
                ++sometimes_["a deleted stream begun anew"];
            }
        }
    }
}

void StoreLives::take_answer(std::size_t number, const result<Appended>& answer)
{
    if (number != answered_) return wrong("answered out of turn");
    const auto& request = requests_[answered_++];
    if (is_scavenging_ && not is_blind_) see_what_is_gone();
    count_answer(request, answer);
    trace_          = trace_ * 31 + (answer ? answer.value().last_position : answer.error().code.size());
    const auto code = answer ? "" : answer.error().code;
    if (code == "append-outcome-unknown") {
        closed_ = true;
        in_doubt_.push_back(request);
    } else if (code == "store-closed-by-fault") {
        closed_ = true;
        not_written_.push_back(request);
    } else if (answer && closed_) {
        wrong("acknowledged after a failure");
    } else if (is_blind_) {
        if (answer) in_doubt_.push_back(request); // it is looked for when the disk is sound again
    } else if (answer || answer.error().kind != Failure::storage || not is_troubled()) {
        if (auto found = wrong_answer(model_.expect(request), answer); not found.empty()) wrong(found);
        model_.take(request);
    }
}

void StoreLives::append_some(LevelDbStore& store)
{
    const auto in_flight = drawn_.one_in(3) ? 1 + drawn_.below(12) : 1;
    if (in_flight > 1) ++sometimes_["several appends in flight"];
    for (auto left = in_flight; left > 0; --left) {
        requests_.push_back(appends_.next(model_));
        const auto number = requests_.size() - 1;
        if (left == 1 && drawn_.one_in(2)) { // whoever waits writes for the others too
            take_answer(number, store.append(AppendRequest{requests_.back()}));
        } else {
            store.append(AppendRequest{requests_.back()},
                         [this, number](const result<Appended>& answer) { take_answer(number, answer); });
        }
        if (drawn_.one_in(6)) machine_.executor().run_one();
    }
    if (not drawn_.one_in(4)) machine_.executor().run_until_idle();
}

// "" or what is wrong with a reading, a search by id, or a length.
std::string StoreLives::look_around(const LevelDbStore& store)
{
    if (not model_.take_times_from(store)) return "the log is not read";
    model_.it_is(machine_.executor().now());
    if (auto found = wrong_reading(store, model_, appends_.next_reading(model_)); not found.empty()) return found;
    if (model_.head() == 0) return "";
    const auto& event = model_.events()[drawn_.below(model_.head())];
    const auto by_id  = store.find_event(event.id);
    if (not by_id) return "not found by its id";
    if (model_.gone().contains(event.position)) {
        ++sometimes_["a search for an event that is gone"];
        if (by_id.value()) return "found by its id, and gone";
    } else if (not by_id.value() || not same_event(*by_id.value(), event)) {
        return "not found by its id";
    }
    const auto length = store.stream_length(event.stream);
    if (not length || length.value() != model_.length(event.stream)) return "a stream's length is another";
    const auto nobody = store.find_event(machine_.runtime().ids.next());
    return not nobody || nobody.value() ? "an id that nobody used was found" : "";
}

void StoreLives::work()
{
    if (not drawn_.one_in(8)) draw_fault();
    for (auto steps = 5 + drawn_.below(25); steps > 0 && not is_wrong() && not closed_ && not is_blind_; --steps) {
        append_some(*store_);
        if (drawn_.one_in(2) && answered_ == requests_.size()) {
            const auto found = look_around(*store_);
            ++sometimes_["a look around"];
            // A sick disk may fail a reading; what it may give is looked at when it is sound again.
            if (not found.empty() && not is_troubled()) wrong(found);
        }
        if (drawn_.one_in(8) && answered_ == requests_.size()) {
            if (drawn_.one_in(3)) draw_fault();
            scavenge();
        }
        if (drawn_.one_in(3)) run_one_background_job();
        if (drawn_.one_in(5)) machine_.executor().advance(Duration{drawn_.below(2'000'000)});
    }
    if (closed_ && not is_wrong()) append_some(*store_); // and is refused
    if (machine_.disk().crashed()) ++sometimes_["a crash at work"];
    if (closed_) ++sometimes_["a store closed by a fault"];
}

void StoreLives::let_go()
{
    store_.reset();
    machine_.process_ends();
}

void StoreLives::end()
{
    let_go();
    if (not is_wrong() && answered_ != requests_.size()) wrong("an append was never answered");
    if (not is_troubled()) ++sometimes_["a clean end"];
    for (std::size_t kind = 0; kind < operation_kinds; ++kind) {
        const auto failed = machine_.disk().failed(static_cast<Operation>(kind));
        if (failed > 0) sometimes_[std::string{"failed: "} + operation_names[kind]] += failed;
    }
    if (machine_.disk().is_full()) ++sometimes_["a full disk"];
    if (is_troubled() && drawn_.one_in(4)) {
        machine_.disk().heal(); // the process ended, the machine goes on
        ++sometimes_["a fault that passed"];
    } else {
        lose_power();
    }
}

// At the end of all lives one bit of a file is another.
void StoreLives::break_a_bit()
{
    const auto files = machine_.disk().files();
    auto file        = files.begin();
    std::advance(file, static_cast<std::ptrdiff_t>(drawn_.below(files.size())));
    if (file->second.empty()) return;
    auto content  = file->second;
    const auto at = drawn_.below(content.size());
    content[at]   = static_cast<char>(content[at] ^ (1 << drawn_.below(8)));
    machine_.disk().replace(file->first, content);
    const auto outcome = outcome_of_opening(machine_, model_, requests_);
    ++sometimes_[outcome == Outcome::harmless ? "a flipped bit without harm" : "a flipped bit noticed"];
    if (outcome >= Outcome::unnoticed) wrong("a flipped bit at byte " + std::to_string(at) + " of " + file->first);
}

} // namespace eventloom::testing
