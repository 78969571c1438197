"""Reads and judges a notice when it is imported: processes forked afterwards have all patterns and shapes at hand."""

from ingest.rdf import to_nquads
from ingest.read import read_notice
from shapes.validate import validate

_NOTICE = """某市市场监督管理局关于支持经营主体发展的通知
某市监〔2025〕1号
各区县市场监管局：
一、降低收费。2025年12月31日前检验检测费用减半收取，鼓励减免50%。（责任单位：计量处）
某市市场监督管理局
2025年1月6日
"""
validate(to_nquads(read_notice(_NOTICE.encode(), "warm.txt")))
