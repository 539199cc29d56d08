#include "commands.hpp"

int main(int argc, char** argv)
{
    return eventloom::run({"hotel", "Rooms that are booked, paid and cancelled.", grand_hotel::add_hotel}, argc, argv);
}
