"""Measure search quality on a gold set."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from school.members.models import Member
from search.services import evaluation


class Command(BaseCommand):
    help = "用一组标准问答衡量搜索质量（JSON 文件：query、expect、cue）。"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="标准问答文件")
        parser.add_argument(
            "--as", dest="member", help="以哪位党员的身份搜索（工号）；不填只看公开内容"
        )
        parser.add_argument("--recall-at-3", type=float, default=0.95, help="前三命中率下限")
        parser.add_argument("--cues", type=float, default=0.98, help="视频定位正确率下限")

    def handle(self, *args, file, member, cues, **options):
        try:
            gold = evaluation.read(file)
        except (OSError, ValueError) as error:
            raise CommandError(f"读不了 {file}：{error}") from error
        if not gold:
            raise CommandError(f"{file} 里没有问题。")
        score = evaluation.evaluate(gold, member=self._reader(member), tell=self._tell)
        self.stdout.write(
            f"共 {score.queries} 问：首位 {score.share(score.at_1):.3f}，"
            f"前三 {score.share(score.at_3):.3f}，前十 {score.share(score.at_10):.3f}，"
            f"MRR@10 {score.mrr:.3f}，视频定位 {score.cues_right}/{score.cues}"
        )
        for miss in score.misses:
            self.stderr.write(miss)
        if score.share(score.at_3) < options["recall_at_3"]:
            raise CommandError(f"前三命中率低于 {options['recall_at_3']}。")
        if score.cues and score.cues_right / score.cues < cues:
            raise CommandError(f"视频定位正确率低于 {cues}。")

    @staticmethod
    def _reader(staff_number: str | None) -> Member | None:
        if not staff_number:
            return None
        found = Member.objects.filter(staff_number=staff_number.strip().upper()).first()
        if found is None:
            raise CommandError(f"没有工号为 {staff_number} 的党员。")
        return found

    def _tell(self, done: int, total: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K{done}/{total}", ending="\n" if done == total else "")
        elif done == total or done % 20 == 0:
            self.stdout.write(f"{done}/{total}")
