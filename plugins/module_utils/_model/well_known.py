# Copyright: (c) 2026, the messaging.migration contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is PRIVATE to the collection: it may change at any time.

"""What Outlook and Exchange call the folders that every mailbox has, in the languages that they do it in."""

from __future__ import annotations

# Languages in this order: English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian, Finnish, Polish, Czech,
# Hungarian, Turkish, Russian, Japanese, Chinese, Korean. Older and regional names follow.
NAMES = {
    "inbox": (
        "Inbox", "Posteingang", "Boîte de réception", "Bandeja de entrada", "Posta in arrivo", "Caixa de Entrada", "Postvak IN", "Inkorgen", "Indbakke",
        "Innboks", "Saapuneet", "Skrzynka odbiorcza", "Doručená pošta", "Beérkezett üzenetek", "Gelen Kutusu", "Входящие", "受信トレイ", "收件箱", "收件匣",
        "받은 편지함", "Inkorg",
    ),
    "sent": (
        "Sent Items", "Gesendete Elemente", "Éléments envoyés", "Elementos enviados", "Posta inviata", "Itens Enviados", "Verzonden items", "Skickat",
        "Sendt post", "Sendte elementer", "Lähetetyt", "Elementy wysłane", "Odeslaná pošta", "Elküldött elemek", "Gönderilmiş Öğeler", "Отправленные",
        "送信済みアイテム", "已发送邮件", "寄件備份", "보낸 편지함", "Gesendete Objekte",
    ),
    "drafts": (
        "Drafts", "Entwürfe", "Brouillons", "Borradores", "Bozze", "Rascunhos", "Concepten", "Utkast", "Kladder", "Luonnokset", "Wersje robocze",
        "Koncepty", "Piszkozatok", "Taslaklar", "Черновики", "下書き", "草稿", "임시 보관함",
    ),
    "deleted": (
        "Deleted Items", "Gelöschte Elemente", "Éléments supprimés", "Elementos eliminados", "Posta eliminata", "Itens Excluídos", "Verwijderde items",
        "Borttaget", "Slettet post", "Slettede elementer", "Poistetut", "Elementy usunięte", "Odstraněná pošta", "Törölt elemek", "Silinmiş Öğeler",
        "Удаленные", "削除済みアイテム", "已删除邮件", "刪除的郵件", "지운 편지함", "Gelöschte Objekte", "Itens Eliminados",
    ),
    "junk": (
        "Junk E-mail", "Junk-E-Mail", "Courrier indésirable", "Correo no deseado", "Posta indesiderata", "Lixo Eletrônico", "Ongewenste e-mail",
        "Skräppost", "Uønsket mail", "Søppelpost", "Roskaposti", "Wiadomości-śmieci", "Nevyžádaná pošta", "Levélszemét", "Önemsiz E-posta",
        "Нежелательная почта", "迷惑メール", "垃圾邮件", "垃圾郵件", "정크 메일", "Junk Email",
    ),
    "outbox": (
        "Outbox", "Postausgang", "Boîte d'envoi", "Bandeja de salida", "Posta in uscita", "Caixa de Saída", "Postvak UIT", "Utkorgen", "Udbakke", "Utboks",
        "Lähtevät", "Skrzynka nadawcza", "Pošta k odeslání", "Postázandó üzenetek", "Giden Kutusu", "Исходящие", "送信トレイ", "发件箱", "寄件匣",
        "보낼 편지함",
    ),
    "calendar": (
        "Calendar", "Kalender", "Calendrier", "Calendario", "Calendário", "Agenda", "Kalenteri", "Kalendarz", "Kalendář", "Naptár", "Takvim", "Календарь",
        "予定表", "日历", "行事曆", "일정",
    ),
    "contacts": (
        "Contacts", "Kontakte", "Contactos", "Contatti", "Contatos", "Contactpersonen", "Kontakter", "Kontaktpersoner", "Yhteystiedot", "Kontakty",
        "Névjegyalbum", "Kişiler", "Контакты", "連絡先", "联系人", "連絡人", "연락처",
    ),
    "tasks": (
        "Tasks", "Aufgaben", "Tâches", "Tareas", "Attività", "Tarefas", "Taken", "Uppgifter", "Opgaver", "Oppgaver", "Tehtävät", "Zadania", "Úkoly",
        "Feladatok", "Görevler", "Задачи", "タスク", "仕事", "任务", "工作", "작업",
    ),
    "notes": (
        "Notes", "Notizen", "Notas", "Note", "Anotações", "Notities", "Anteckningar", "Noter", "Notater", "Muistilaput", "Notatki", "Poznámky",
        "Feljegyzések", "Notlar", "Заметки", "メモ", "便笺", "記事", "메모",
    ),
    "journal": (
        "Journal", "Diario", "Diário", "Logboek", "Dziennik", "Deník", "Napló", "Günlük", "Дневник", "履歴", "日记", "日誌", "업무 일지",
    ),
}
# What Exchange up to 2003 shows beside a mailbox's own folders (KB Q311468), by the same languages as far as they are known.
OTHERS = {
    "public folders": (
        "Public Folders", "Öffentliche Ordner", "Dossiers publics", "Carpetas públicas", "Cartelle pubbliche", "Pastas públicas", "Openbare mappen",
        "Gemensamma mappar", "Offentlige mapper", "Fellesmapper", "Julkiset kansiot", "Foldery publiczne", "Veřejné složky", "Nyilvános mappák",
        "Ortak Klasörler", "Общие папки", "Общедоступные папки", "パブリック フォルダ", "パブリック フォルダー", "公用文件夹", "公用資料夾", "공용 폴더",
    ),
    "mailboxes of others": ("Other users",),
}
ROLES = {name.casefold(): role for role, names in NAMES.items() for name in names}
BESIDE = {name.casefold(): what for what, names in OTHERS.items() for name in names}


def role(name: str) -> str | None:
    """inbox, sent, drafts, deleted, junk, outbox, calendar, contacts, tasks, notes or journal; None for a user's own folder."""
    return ROLES.get(name.strip().casefold())


def beside(name: str) -> str | None:
    """public folders or mailboxes of others; None for a folder of the mailbox's own."""
    return BESIDE.get(name.strip().casefold())
