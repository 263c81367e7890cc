from django.urls import path

from school.reports.views import boards, filings

app_name = "reports"
urlpatterns = [
    path("branch/", boards.home, name="home"),
    path("branch/<int:branch_id>/", boards.node_board, name="board"),
    path("branch/<int:branch_id>/export/", boards.export, name="export"),
    path("branch/<int:branch_id>/remind/", boards.remind, name="remind"),
    path("branch/<int:branch_id>/members/<int:member_id>/", boards.member, name="member"),
    path("branch/<int:branch_id>/filings/<str:month>/", filings.filing, name="filing"),
    path("branch/<int:branch_id>/filings/<str:month>/file/", filings.file_month, name="file"),
    path("branch/<int:branch_id>/filings/<str:month>/return/", filings.return_month, name="return"),
    path(
        "branch/<int:branch_id>/filings/<str:month>/confirm/", filings.confirm_month, name="confirm"
    ),
]
