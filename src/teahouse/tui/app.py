"""Which key does what. How it looks is in frame.py, what is known in guest.py."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.widgets import OptionList

from teahouse.client import Client, Message
from teahouse.core.errors import TeahouseError
from teahouse.tui.composer import Composer
from teahouse.tui.frame import Frame
from teahouse.tui.guest import Guest
from teahouse.tui.messages import MessageList
from teahouse.tui.screens import AskScreen, HelpScreen, ReactScreen
from teahouse.tui.typed import typed

WRITES_EVERY_S = 2.0


class TeahouseApp(Frame):
    """The screen of one guest, with its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help"),
        Binding("ctrl+f", "search", "Search"),
        Binding("ctrl+n", "room(1)", "Next room"),
        Binding("ctrl+p", "room(-1)", "Previous room", show=False),
        Binding("ctrl+g", "unread", "Unread"),
        Binding("shift+tab", "choose", "Messages", priority=True, key_display="⇧tab"),
        Binding("f2", "rooms", "Rooms"),
        Binding("f3", "people", "People"),
        Binding("escape", "compose", "Back", show=False),
        Binding("pageup", "look_back", show=False),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]

    def __init__(self, guest: Guest, rooms: list[str], come_anew: Callable[[], Awaitable[Client]]) -> None:
        super().__init__(guest, rooms, come_anew)
        self._writes_until = 0.0

    # ---- what was typed

    @on(Composer.Sent)
    def _sent(self, event: Composer.Sent) -> None:
        reply_to, edited = self._reply_to, self._edited
        self._answer(None, None)
        if edited is not None:
            self.soon(self._edit(edited, event.text))
            return
        self.query_one(MessageList).go_to_end()
        self.soon(self._typed(event.text, None if reply_to is None else reply_to.seq))

    async def _typed(self, text: str, reply_to: int | None) -> None:
        try:
            await typed(self.guest, text, reply_to=reply_to)
        except TeahouseError:
            composer = self.query_one(Composer)
            if not composer.text:
                composer.put(text)  # nothing that was typed is lost
            raise

    async def _edit(self, message: Message, text: str) -> None:
        try:
            await self.guest.edit(message.seq, text)
        except TeahouseError:
            if not self.query_one(Composer).text:
                self._answer(None, message)
                self._begin(text)
            raise

    @on(Composer.Writes)
    def _writes(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._writes_until:
            self._writes_until = now + WRITES_EVERY_S
            self.guest.writes()

    @on(Composer.Hint)
    def _hint(self, event: Composer.Hint) -> None:
        if event.choices != self._choices:
            self._choices = event.choices
            self._draw_bar()

    def _answer(self, reply_to: Message | None, edited: Message | None) -> None:
        """What the composer is about to do."""
        self._reply_to, self._edited = reply_to, edited
        self._draw_about()

    # ---- what was pressed

    @on(MessageList.Wants)
    def _wants(self, event: MessageList.Wants) -> None:
        talk = self.guest.current
        if talk is not None and talk.is_loading is False:
            self.soon(self.guest.older(talk) if event.older else self.guest.newer(talk))

    @on(MessageList.Moved)
    def _moved(self) -> None:
        self._look()
        self._draw_bar()

    @on(OptionList.OptionSelected, "#rooms")
    def _room_selected(self, event: OptionList.OptionSelected) -> None:
        self.soon(self._go_to((event.option_id or "").partition(" ")[2]))
        self.action_compose()

    async def _go_to(self, name: str) -> None:
        self.guest.look_at(await self.guest.open(name))

    def action_room(self, step: int) -> None:
        """The next room, or the one before."""
        talks = list(self.guest.talks.values())
        if talks and self.guest.current is not None:
            self.guest.look_at(talks[(talks.index(self.guest.current) + step) % len(talks)])

    def action_unread(self) -> None:
        """The next room with something unread; one that calls us first."""
        unread = [talk for talk in self.guest.talks.values() if talk.unread and talk is not self.guest.current]
        if unread:
            self.guest.look_at(max(unread, key=lambda talk: talk.mentions))

    def action_rooms(self) -> None:
        """To the rooms, to choose one; from there, back again. Where they are hidden they are shown for as long."""
        rooms = self.query_one("#rooms")
        if rooms.has_focus:
            self.action_compose()
        else:
            rooms.add_class("-shown")
            rooms.focus()

    def action_people(self) -> None:
        """Show or hide the people."""
        people = self.query_one("#people")
        people.set_class(people.display, "-hidden")
        people.set_class(not people.display, "-shown")

    def action_search(self) -> None:
        """Search."""
        self.open_search("")

    def action_help(self) -> None:
        """Keys and commands."""
        _ = self.push_screen(HelpScreen())

    def action_choose(self) -> None:
        """To the messages; back again from there."""
        messages = self.query_one(MessageList)
        if messages.has_focus:
            self.action_compose()
        else:
            messages.focus()

    def action_look_back(self) -> None:
        """Up, from wherever one writes."""
        self.query_one(MessageList).action_page_up()

    async def action_newest(self) -> None:
        """To the end of the conversation."""
        if self.guest.current is not None:
            await self.guest.newest(self.guest.current)
            self._draw()
        self.query_one(MessageList).go_to_end()

    def action_compose(self) -> None:
        """Back to the composer; from there, give up what it was about to do."""
        composer = self.query_one(Composer)
        if composer.has_focus:
            if self._edited is not None:
                composer.put("")
            self._answer(None, None)
        self.query_one(MessageList).choose(0)
        self.query_one("#rooms").remove_class("-shown")
        composer.focus()

    def action_reply(self) -> None:
        """Answer the message that is chosen."""
        if (message := self.query_one(MessageList).chosen_message()) is not None:
            self._answer(message, None)
            self._begin("")

    def action_edit(self) -> None:
        """Let one's own message read otherwise."""
        message = self.query_one(MessageList).chosen_message()
        if message is None or message.text is None:
            return
        if message.author.id != self.guest.me.id:
            self.show("Only your own messages can be edited.")
            return
        self._answer(None, message)
        self._begin(message.text)

    def _begin(self, text: str) -> None:
        composer = self.query_one(Composer)
        if text:
            composer.put(text)
        self.query_one(MessageList).choose(0)
        composer.focus()

    def action_react(self) -> None:
        """Put an emoji at the message that is chosen, or take it away."""
        if (message := self.query_one(MessageList).chosen_message()) is not None:
            self.soon(self._react(message))

    async def _react(self, message: Message) -> None:
        emoji = await self.push_screen_wait(ReactScreen())
        if emoji:
            await self.guest.react(message.seq, emoji)

    def action_delete(self) -> None:
        """Take one's own message away, after a question."""
        message = self.query_one(MessageList).chosen_message()
        if message is None or message.text is None:
            return
        if message.author.id != self.guest.me.id:
            self.show("Only your own messages can be taken away.")
            return
        self.soon(self._delete(message))

    async def _delete(self, message: Message) -> None:
        said = " ".join((message.text or "").split())[:60]
        if await self.push_screen_wait(
            AskScreen(f"Take “{said}” away, for everybody and for ever?", "take away", "keep")
        ):
            await self.guest.delete(message.seq)

    def action_copy(self) -> None:
        """The text of the message, for elsewhere."""
        message = self.query_one(MessageList).chosen_message()
        if message is not None and message.text is not None:
            self.copy_to_clipboard(message.text)
            self.show("Copied.")

    # ---- the terminal

    def on_app_blur(self, event: events.AppBlur) -> None:
        """Nobody looks."""
        self.guest.looking = False

    def on_app_focus(self, event: events.AppFocus) -> None:
        """Somebody looks again."""
        self._look()
