"""Take a video file from this machine into the library."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from wagtail.models import Collection

from media import services
from school.core.errors import DomainError


class Command(BaseCommand):
    help = "把服务器上的视频文件收进视频库并排队转码。可以一次给多个文件。"

    def add_arguments(self, parser) -> None:
        parser.add_argument("files", nargs="+", type=Path, help="视频文件")
        parser.add_argument("--title", help="标题；不给则用文件名（只在一个文件时有效）")
        parser.add_argument("--captions", type=Path, help="字幕文件（只在一个文件时有效）")
        parser.add_argument("--collection", help="集合名称；不给则用根集合")

    def handle(self, *args, **options) -> None:
        files: list[Path] = options["files"]
        if len(files) > 1 and (options["title"] or options["captions"]):
            raise CommandError("--title 和 --captions 只能与一个文件一起使用。")
        collection = self._collection(options["collection"])
        failed = 0
        for number, file in enumerate(files, 1):
            try:
                video = services.ingest(
                    path=file,
                    title=options["title"] or file.stem,
                    by=None,
                    collection=collection,
                    captions=options["captions"],
                )
            except (DomainError, OSError) as error:
                failed += 1
                self.stderr.write(f"[{number}/{len(files)}] {file.name}:{error}")
            else:
                self.stdout.write(
                    f"[{number}/{len(files)}] {file.name} → 视频 {video.pk}，已排队转码"
                )
        self.stdout.write(f"共 {len(files)} 个，收进 {len(files) - failed} 个，失败 {failed} 个。")
        if failed:
            raise CommandError("有文件没有收进视频库，原因见上。")

    def _collection(self, name: str | None) -> Collection | None:
        if not name:
            return None
        found = Collection.objects.filter(name=name).first()
        if found is None:
            raise CommandError(f"没有名为“{name}”的集合。")
        return found
