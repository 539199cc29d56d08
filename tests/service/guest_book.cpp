// A small service of which there are several builds: what one handler does depends on GUEST_BOOK_VERSION.
//
//     guest-book sign NAME CITY [--times N]
//
// 1 counts visits, and leaves out guests from Atlantis; 2 has visits from York count twice, drops guests from Hull, and takes
// those from Atlantis; 3 fails at a guest from York, and has no cities. 4 is 1 with more in its rows: two columns of guests, under
// a higher version, one of cities, where somebody forgot to raise it.
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/projections/projection.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace guest_book {

namespace el = eventloom;

struct Signed {
    std::string city;
};
struct Guest {
    static constexpr auto category = "guest";
    using Events                   = el::events<el::event<"signed", Signed>>;
};
Guest evolve(Guest guest, const Signed&)
{
    return guest;
}
using GuestId = el::id<Guest>;

struct GuestRow {
    std::string city;
    std::int64_t visits = 0;
#if GUEST_BOOK_VERSION == 4
    std::string first_city;
    std::int64_t cities = 0;
#endif
};
struct City {
    std::string name;

    friend auto operator<=>(const City&, const City&) = default;
};
struct CityRow {
    std::int64_t visits = 0;
};
struct Total {
    std::int64_t visits = 0;
#if GUEST_BOOK_VERSION == 4
    std::int64_t guests = 0;
#endif
};

el::Projected<GuestId, GuestRow> guests()
{
    using Guests = el::Rows<GuestId, GuestRow>;
    return el::projection<GuestId, GuestRow>(
        "guests", GUEST_BOOK_VERSION, el::index("city", [](const GuestRow& row) { return row.city; }),
        [](Guests& rows, const Signed& event, const el::RecordedEvent& where) -> el::result<void> {
            if (GUEST_BOOK_VERSION == 1 && event.city == "Atlantis") return el::done();
            if (GUEST_BOOK_VERSION == 2 && event.city == "Hull") return el::done();
            if (GUEST_BOOK_VERSION == 3 && event.city == "York") {
                return el::fail(el::Failure::invalid, "not-york", "I do not take guests from York.");
            }
            auto& row = rows.update(el::id_of_stream<Guest>(where.stream));
            row.city  = event.city;
            row.visits += GUEST_BOOK_VERSION == 2 && event.city == "York" ? 2 : 1;
#if GUEST_BOOK_VERSION == 4
            if (row.first_city.empty()) row.first_city = event.city;
            ++row.cities;
#endif
            return el::done();
        });
}

auto cities()
{
    return el::projection("cities", 1, el::from<Guest>(), el::keep_table<City, CityRow>("by-name"),
                          el::keep_table<std::string, Total>("all"),
                          [](el::Rows<City, CityRow>& rows, el::Rows<std::string, Total>& all, const Signed& event) {
                              ++rows.update({event.city}).visits;
                              ++all.update("all").visits;
                          });
}

class GuestBook final : public el::OpenService {
public:
    explicit GuestBook(std::unique_ptr<el::Service> service) : service_{std::move(service)} {}
    el::Service& service() override { return *service_; }

private:
    std::unique_ptr<el::Service> service_;
};

el::result<std::unique_ptr<el::OpenService>> open(const el::Runtime& runtime, const std::string& directory,
                                                  bool create_if_missing)
{
    BOOST_OUTCOME_TRY(auto service,
                      el::Service::open(runtime, {.directory = directory, .create_if_missing = create_if_missing}));
    BOOST_OUTCOME_TRY(service->projections().add(guests()));
    if (GUEST_BOOK_VERSION != 3) {
        BOOST_OUTCOME_TRY(service->projections().add(cities(), {.kept_in = el::RowPlace::sqlite}));
    }
    return std::unique_ptr<el::OpenService>{std::make_unique<GuestBook>(std::move(service))};
}

el::result<void> sign(el::Service& service, const std::string& name, const std::string& city, int times)
{
    constexpr int at_once = 1'000;
    const Signed fact{city};
    for (int from = 0; from < times; from += at_once) {
        std::vector<el::NewEvent> events;
        for (int i = from; i < std::min(times, from + at_once); ++i) {
            events.push_back({.id = service.runtime().ids.next(), .type = "signed", .data = {}, .metadata = {}});
            el::event_type<Guest, Signed>().encode(&fact, events.back().data);
        }
        BOOST_OUTCOME_TRY(service.store().append(
            {.streams = {{GuestId{name}.stream(), el::ExpectedVersion::any(), std::move(events)}}}));
    }
    BOOST_OUTCOME_TRY(service.start());
    const auto deadline = service.runtime().clock.now() + std::chrono::minutes{1};
    return service.projections().wait_for(service.store().head(), deadline);
}

void set_up(el::CommandLine& line)
{
    struct Arguments {
        std::string name;
        std::string city;
        int times = 1;
    };
    line.opens(open);
    line.knows(el::event_types<Guest>());
    const auto arguments = std::make_shared<Arguments>();
    const auto command   = line.app().add_subcommand("sign");
    command.add_option("name", arguments->name).required();
    command.add_option("city", arguments->city).required();
    command.add_option("--times", arguments->times);
    line.on(command, [&line, arguments](el::Output&) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const book, line.open(true));
        return sign(book->service(), arguments->name, arguments->city, arguments->times);
    });
}

} // namespace guest_book

template const eventloom::EventTypes& eventloom::event_types<guest_book::Guest>();

int main(int argc, char** argv)
{
    return eventloom::run({"guest-book", "Who came from where.", guest_book::set_up}, argc, argv);
}
